import pytest
from plugins.fake_distributions import TOY, install

from dse import _plugins


@pytest.fixture
def toy(tmp_path_factory, monkeypatch):
    """The toy plug-ins are installed."""
    monkeypatch.syspath_prepend(install(tmp_path_factory.mktemp("toy"), "toy-package", TOY))


@pytest.fixture(autouse=True)
def _forgetful():
    """Every test starts with an unread source and an unlogged clash."""
    _plugins._log_clash.cache_clear()
    _plugins._syntax_tree.cache_clear()
