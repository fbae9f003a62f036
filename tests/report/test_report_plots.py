"""Pictures: written, not blank, and at the edges without a warning."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest
from report_samples import (
    AREA,
    ENERGY,
    LATENCY,
    THROUGHPUT,
    curve,
    front,
    realistic,
    report,
    two_objectives,
)

from dse.errors import EnvironmentRefusal, InputError
from dse.report.plots import plot_curves, plot_front, plot_report


def is_drawn(path):
    """Whether a picture is of a useful size and not blank."""
    pixels = matplotlib.image.imread(path)[..., :3]
    return min(pixels.shape[:2]) > 300 and pixels.var() > 1e-3


def has_colour(path, code):
    wanted = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    pixels = matplotlib.image.imread(path)[..., :3]
    return bool((np.abs(pixels - wanted).max(axis=-1) < 0.01).any())


def test_front_of_one_study(tmp_path):
    plot_front({"study": two_objectives()}, tmp_path / "front.png")
    assert is_drawn(tmp_path / "front.png")


def test_studies_are_told_apart_by_colour(tmp_path):
    fronts = {"one": two_objectives(), "other": two_objectives()}
    fronts["other"].metrics["latency_s"] *= 2
    plot_front(fronts, tmp_path / "front.png")
    assert has_colour(tmp_path / "front.png", "#0072B2")
    assert has_colour(tmp_path / "front.png", "#D55E00")


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_any_number_of_objectives(tmp_path, n):
    axes = (LATENCY, ENERGY, AREA, THROUGHPUT)[:n]
    table = front(*axes, **{axis.name: [1.0, 2.0, 40.0] for axis in axes})
    plot_front({"study": table}, tmp_path / "front.png")
    assert is_drawn(tmp_path / "front.png")


def test_more_objectives_make_more_panels(tmp_path):
    columns = {"latency_s": [1.0, 2.0], "energy_j": [2.0, 1.0], "area_mm2": [1.0, 1.0]}
    plot_front({"study": two_objectives()}, tmp_path / "two.png")
    plot_front({"study": front(LATENCY, ENERGY, AREA, **columns)}, tmp_path / "three.png")
    two, three = (matplotlib.image.imread(tmp_path / f"{n}.png").shape for n in ("two", "three"))
    assert three[1] == 3 * two[1]


def test_one_front_is_coloured_by_a_parameter(tmp_path):
    plot_front({"study": two_objectives()}, tmp_path / "front.png", "Pareto front", "mode")
    assert has_colour(tmp_path / "front.png", "#0072B2")
    assert has_colour(tmp_path / "front.png", "#D55E00")


def test_only_shared_objectives_are_drawn(tmp_path):
    fronts = {"one": two_objectives(), "other": front(LATENCY, latency_s=[1.0])}
    plot_front(fronts, tmp_path / "front.png")
    assert is_drawn(tmp_path / "front.png")


def test_studies_without_a_shared_objective_are_refused(tmp_path):
    fronts = {"one": front(LATENCY, latency_s=[1.0]), "other": front(AREA, area_mm2=[1.0])}
    with pytest.raises(InputError, match="one, other: no objective in common") as caught:
        plot_front(fronts, tmp_path / "front.png")
    assert "area_mm2, latency_s" in caught.value.next_step
    assert not list(tmp_path.iterdir())


def test_no_study_at_all_is_refused(tmp_path):
    with pytest.raises(InputError, match="no objective in common"):
        plot_front({}, tmp_path / "front.png")


@pytest.mark.parametrize("axes", [(LATENCY,), (LATENCY, ENERGY), (LATENCY, ENERGY, AREA)])
def test_empty_front_says_so(tmp_path, axes):
    table = front(*axes, **{axis.name: [] for axis in axes})
    plot_front({"study": table}, tmp_path / "front.png")
    assert is_drawn(tmp_path / "front.png")


def test_constant_and_non_positive_objectives(tmp_path):
    table = front(LATENCY, ENERGY, latency_s=[1.0, 1.0], energy_j=[0.0, -3.0])
    plot_front({"study": table}, tmp_path / "front.png")
    assert is_drawn(tmp_path / "front.png")


def test_names_are_drawn_as_they_are(tmp_path):
    names = ["$a_b$ {", "_hidden", "<b>x</b>", "\u5b66\u4e60", r"\frac", ""]
    plot_front({name: two_objectives() for name in names}, tmp_path / "front.png")
    plot_curves([curve(name) for name in names], tmp_path / "curves.png", names[0])
    assert is_drawn(tmp_path / "front.png")
    assert is_drawn(tmp_path / "curves.png")


def test_curves(tmp_path):
    plot_curves([curve(seed=0), curve(seed=1), curve("random")], tmp_path / "c.png", "study")
    assert is_drawn(tmp_path / "c.png")


def test_curve_with_a_single_record_shows_a_mark(tmp_path):
    plot_curves([curve(evaluations=(100,), hypervolume=(3.0,))], tmp_path / "c.png", "")
    assert has_colour(tmp_path / "c.png", "#0072B2")


def test_no_curve_says_so(tmp_path):
    plot_curves([], tmp_path / "c.png", "study")
    assert is_drawn(tmp_path / "c.png")


def test_report_picture_holds_cloud_front_and_curves(tmp_path):
    plot_report(realistic(n_cloud=300, n_front=60), tmp_path / "report.png")
    assert is_drawn(tmp_path / "report.png")


def test_report_picture_of_an_empty_study(tmp_path):
    empty = front(LATENCY, ENERGY, latency_s=[], energy_j=[])
    data = replace(report(empty), curves=(), summaries=(), cloud={})
    plot_report(data, tmp_path / "report.png")
    assert is_drawn(tmp_path / "report.png")


def test_other_kinds_of_file_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot draw into .*front\.xyz") as caught:
        plot_front({"study": two_objectives()}, tmp_path / "front.xyz")
    assert ".png" in caught.value.allowed


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(EnvironmentRefusal, match=r"cannot write .*No such file"):
        plot_front({"study": two_objectives()}, tmp_path / "missing" / "front.png")


def test_importing_the_package_loads_no_plotting_library():
    code = (
        "import sys, dse.report, dse.report.data; "
        "sys.exit(bool({'plotly', 'matplotlib', 'jinja2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_global_plotting_state(tmp_path):
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]); "
        "from report_samples import two_objectives; from dse.report.plots import plot_front; "
        "plot_front({'s': two_objectives()}, Path(sys.argv[1])); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    here = __file__.rpartition("/")[0]
    command = [sys.executable, "-c", code, str(tmp_path / "front.png"), here]
    assert subprocess.run(command, check=False).returncode == 0
