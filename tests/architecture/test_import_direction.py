"""Dependencies point one way: agents -> dse; accel_models -> dse, workloads; workloads -> dse."""

import pytest
from architecture.sources import PACKAGES, modules

ALLOWED = {
    "dse": {"dse"},
    "agents": {"agents", "dse"},
    "workloads": {"workloads", "dse"},
    "accel_models": {"accel_models", "dse", "workloads"},
}
OPEN_TO_WORKLOADS = {"dse.errors", "dse.units", "dse._yaml", "dse._faults"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_stands_below_it(package):
    for module in modules(package):
        tops = {name.partition(".")[0] for name in module.imports()}
        assert not (tops & {*PACKAGES, "tests", "scripts"}) - ALLOWED[package], module.name


def test_workloads_use_errors_and_units_only():
    for module in modules("workloads"):
        used = {name for name in module.imports() if name.partition(".")[0] == "dse"}
        assert used <= OPEN_TO_WORKLOADS, module.name


def test_errors_and_units_stand_on_their_own():
    for module in modules("dse"):
        if module.name in {"dse.errors", "dse.units"}:
            used = {name for name in module.imports() if name.startswith("dse")}
            assert used <= {"dse.errors"}
