import pytest
from job_samples import GOOD
from plugins.fake_distributions import TOY, install


@pytest.fixture(autouse=True, scope="session")
def _toy(tmp_path_factory):
    """The toy plug-ins are installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(install(tmp_path_factory.mktemp("toy"), "toy-package", TOY))
        yield


@pytest.fixture
def job_file(tmp_path):
    """Write a job file: the good one with one text replaced by another."""

    def write(old="", new="", text=GOOD):
        assert old in text
        path = tmp_path / "job.yaml"
        path.write_text(text.replace(old, new, 1))
        return path

    return write
