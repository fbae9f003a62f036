"""Every code block of the documentation runs, page by page, in a fresh folder.

Blocks tagged `bash` and `python` run in order; `bash setup` blocks are the README's two commands,
which CI itself runs from a bare clone; `text` blocks are output; `yaml` blocks must parse.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(.*?)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TAGS = {"bash", "bash setup", "python", "text", "yaml"}


def blocks(page):
    return [(tag.strip(), body) for tag, body in BLOCK.findall(page.read_text(encoding="utf-8"))]


def run(tag, body, folder):
    command = {
        "python": [sys.executable, "-c", body],
        "bash": ["bash", "-euo", "pipefail", "-c", body],
    }[tag]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RAY_AUTH_MODE": "disabled",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_blocks_of_the_page_run(page, tmp_path):
    for name in ("examples", "scripts", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for tag, body in blocks(page):
        if tag in ("bash", "python"):
            result = run(tag, body, tmp_path)
            assert result.returncode == 0, f"{page.name}:\n{body}\n{result.stdout}\n{result.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tags_are_known_and_yaml_parses(page):
    for tag, body in blocks(page):
        assert tag in TAGS, f"{page.name}: block tagged {tag!r}"
        if tag == "yaml":
            yaml.safe_load(body)


def test_the_mistakes_of_the_job_page_read_as_the_tool_says_them(tmp_path):
    page = blocks(ROOT / "docs" / "tutorials" / "launch-a-job.md")
    shown = next(position for position, (tag, _) in enumerate(page) if tag == "text")
    write_job = page[0][1].replace("dse run my_job.yaml", "true")
    result = run("bash", write_job + page[shown - 1][1], tmp_path)
    assert result.returncode == 0
    assert result.stderr == page[shown][1]


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_ci_runs_the_test_command_of_the_readme():
    commands = [body.strip() for tag, body in blocks(ROOT / "README.md") if tag == "bash setup"]
    assert any(command.startswith("scripts/test") for command in commands)
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
