import pytest
from plugins.fake_distributions import TOY, install

from dse.cli.main import invoke


@pytest.fixture(autouse=True, scope="session")
def _toy(tmp_path_factory):
    """The toy plug-ins are installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(install(tmp_path_factory.mktemp("toy"), "toy-package", TOY))
        yield


@pytest.fixture
def dse(capsys):
    """Run a command line; returns exit code, stdout and stderr."""

    def run(*arguments):
        code = invoke([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
