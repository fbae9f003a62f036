import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from plugins.fake_distributions import install

_PACKAGE = Path(__file__).parent / "package"


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """Folder of an installed `dse-stranger`: what pip would leave, without pip."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(_PACKAGE / "dse_stranger", folder / "dse_stranger")
    project = tomllib.loads((_PACKAGE / "pyproject.toml").read_text())["project"]
    return install(folder, project["name"], project["entry-points"])


@pytest.fixture
def run_with_stranger(stranger, tmp_path):
    """Run a Python command line in a fresh interpreter that sees the stranger's package."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(stranger)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
