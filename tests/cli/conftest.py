import pytest
from support.studies import plugin_folder

__all__ = ["plugin_folder"]


@pytest.fixture(autouse=True)
def _installed(plugin_folder):
    """Every test here may use the faulty model."""
