"""Labels, scales, ticks, medians and tables: the arithmetic behind the pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import AREA, ENERGY, LATENCY, THROUGHPUT, curve, front, two_objectives

from dse.report.data import AxisInfo, RunSummary
from dse.report.labels import (
    axis_title,
    colour,
    directions_sentence,
    ordered_labels,
    printed,
    quantity_of_name,
)
from dse.report.scales import (
    curves_by_searcher,
    finite,
    front_groups,
    linear_ticks,
    log_ticks,
    median_curve,
    objective_pairs,
    wants_log,
    whole_decades,
    with_margin,
)
from dse.report.tables import design_table, run_table


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("latency_s", "latency"),
        ("dram_bandwidth_bytes_per_s", "dram bandwidth"),
        ("throughput_per_s", "throughput"),
        ("pe_dim", "pe dim"),
        ("bits", "bits"),
    ],
)
def test_quantity_of_name(name, quantity):
    assert quantity_of_name(name) == quantity


def test_axis_titles_carry_the_unit():
    assert axis_title(AREA) == "area [mm²]"
    assert axis_title(AxisInfo("accuracy", "", "max")) == "accuracy"


def test_printed_value_has_four_digits_and_a_unit():
    assert printed(np.float64(0.0123456), "s") == "12.35 ms"


def test_directions():
    assert directions_sentence([LATENCY]) == "Lower is better for latency."
    assert directions_sentence([THROUGHPUT]) == "Higher is better for throughput."
    assert (
        directions_sentence([LATENCY, ENERGY, AREA, THROUGHPUT])
        == "Lower is better for latency, energy and area; higher for throughput."
    )


def test_colours_repeat_after_the_palette():
    assert colour(0) == colour(8) != colour(1)


@pytest.mark.parametrize(
    ("name", "labels", "order"),
    [
        ("buffer_bytes", ["2 MiB", "16 KiB", "2 MiB"], ["16 KiB", "2 MiB"]),
        ("pe_dim", ["128", "32", "1,048,576"], ["32", "128", "1,048,576"]),
        ("rate_per_s", ["20 1/s", "3 1/s"], ["3 1/s", "20 1/s"]),
        ("mode", ["flat", "binding"], ["binding", "flat"]),
        ("mode", ["8", "flat"], ["8", "flat"]),
    ],
)
def test_labels_are_ordered_by_value_else_by_name(name, labels, order):
    assert ordered_labels(name, labels) == order


def test_pairs_of_objectives():
    assert objective_pairs([LATENCY]) == []
    assert objective_pairs([LATENCY, ENERGY, AREA]) == [
        (LATENCY, ENERGY),
        (LATENCY, AREA),
        (ENERGY, AREA),
    ]


def test_pairs_are_limited():
    assert len(objective_pairs([LATENCY] * 9)) == 15


def test_finite_joins_and_drops():
    assert finite(np.array([1.0, np.nan]), np.array([np.inf, 2.0])).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 3.1], True),
        ([1, 3], False),
        ([0, 100], False),
        ([-5, 100], False),
        ([], False),
        ([7], False),
    ],
)
def test_log_axis_needs_positive_values_over_more_than_a_factor_of_3(values, expected):
    assert wants_log(np.array(values, dtype=float)) is expected


def test_whole_decades():
    assert whole_decades(np.array([0.5, 200.0])) == 3  # 1, 10, 100
    assert whole_decades(np.array([2.0, 9.0])) == 0


def test_log_ticks_over_few_and_many_decades():
    np.testing.assert_allclose(log_ticks(0.5, 30.0), [0.5, 1, 2, 5, 10, 20])
    np.testing.assert_allclose(log_ticks(0.5, 3e3), [1, 10, 100, 1000])


def test_linear_ticks():
    np.testing.assert_allclose(linear_ticks(0.0, 1.0), np.linspace(0, 1, 6))
    assert linear_ticks(3.0, 3.0).tolist() == [3.0]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_linear_ticks_lie_inside_and_are_few(low, span):
    ticks = linear_ticks(low, low + span)
    slack = 1e-6 * span + 1e-9 * abs(low)
    assert 3 <= len(ticks) <= 9
    assert low - slack <= ticks.min() <= ticks.max() <= low + span + slack


@given(st.floats(1e-12, 1e12), st.floats(3.01, 1e12))
def test_log_ticks_lie_inside_and_are_few(low, ratio):
    ticks = log_ticks(low, low * ratio)
    assert 1 <= len(ticks) <= 12
    assert low * 0.999 <= ticks.min() <= ticks.max() <= low * ratio * 1.001


def test_front_groups_cover_the_front():
    groups = front_groups(two_objectives(), "mode")  # unfused, flat, unfused
    assert {label: rows.tolist() for label, rows in groups.items()} == {
        "flat": [1],
        "unfused": [0, 2],
    }
    assert [*front_groups(two_objectives(), None)] == ["Pareto front"]
    assert [*front_groups(two_objectives(), "unknown")] == ["Pareto front"]


def test_curves_are_grouped_and_empty_ones_dropped():
    curves = [curve("b"), curve("a"), curve("b", seed=1), curve("c", 0, (), ())]
    assert {k: len(v) for k, v in curves_by_searcher(curves).items()} == {"b": 2, "a": 1}


def test_median_of_step_functions():
    # at 2: 1, 0, 5; at 4: 3, 0, 5; at 6: 3, 4, 5 (the first run has ended and keeps its value)
    curves = [
        curve("a", 0, (2, 4), (1.0, 3.0)),
        curve("a", 1, (1, 6), (0.0, 4.0)),
        curve("a", 2, (2,), (5.0,)),
    ]
    evaluations, volume = median_curve(curves)
    assert evaluations.tolist() == [2, 4, 6]
    assert volume.tolist() == [1.0, 3.0, 4.0]


@given(st.lists(st.lists(st.floats(0, 1e3), min_size=1, max_size=6), min_size=1, max_size=5))
def test_median_of_growing_curves_grows(runs):
    curves = [
        curve("a", seed, range(seed + 1, seed + 1 + len(steps)), np.cumsum(steps))
        for seed, steps in enumerate(runs)
    ]
    evaluations, volume = median_curve(curves)
    assert (np.diff(evaluations) > 0).all()
    assert (np.diff(volume) >= 0).all()


def test_design_table_has_objectives_parameters_and_other_metrics():
    table = front(LATENCY, latency_s=[0.5, 2.0], power_w=[3.0, np.nan])
    design = design_table(table)
    assert [c.title for c in design.columns] == ["#", "latency", "mode", "depth", "power"]
    assert [[cell.text for _, cell in row] for row in design.rows] == [
        ["1", "500 ms", "unfused", "4", "3 W"],
        ["2", "2 s", "flat", "4", "-"],
    ]


def test_design_table_sorts_labels_by_value():
    table = front(LATENCY, latency_s=[1.0, 2.0])
    table.parameters["buffer_bytes"] = ["2 MiB", "16 KiB"]
    column = next(c for c in design_table(table).columns if c.title == "buffer")
    assert [cell.key for cell in column.cells] == [1, 0]
    assert column.is_number


def test_run_table_prints_missing_values_as_dashes():
    runs = [
        RunSummary("nsga2", 3, 12000, 1, 0, 8000, 9, 1.25, 0.5),
        RunSummary("exhaustive", None, 7, 0, 0, 7, 0, float("nan"), float("nan")),
    ]
    table = run_table(runs, (LATENCY, ENERGY))
    assert [column.title for column in table.columns][5:] == [
        *("admissible", "front size", "hypervolume", "of all together"),
    ]
    assert [[cell.text for _, cell in row] for row in table.rows] == [
        ["nsga2", "3", "12,000", "1", "0", "8,000", "9", "1.25", "50.00%"],
        ["exhaustive", "-", "7", "0", "0", "7", "0", "-", "-"],
    ]


def test_run_table_of_one_objective_shows_the_best_value():
    runs = [
        RunSummary("nsga2", 0, 10, 0, 0, 10, 1, 0.9, 0.95, 0.003, 1.2),
        RunSummary("random", 0, 10, 10, 0, 0, 0, 0.0, 0.0),
    ]
    table = run_table(runs, (LATENCY,))
    assert [column.title for column in table.columns][-2:] == [
        *("best latency", "ratio to the best of all"),
    ]
    assert [[cell.text for _, cell in row][-2:] for row in table.rows] == [
        ["3 ms", "1.2"],
        ["-", "-"],
    ]


def test_margins_are_shares_of_the_range():
    assert with_margin(np.array([1.0, 3.0]), is_log=False) == pytest.approx((0.9, 3.1))
    assert with_margin(np.array([1.0, 100.0]), is_log=True) == pytest.approx((10**-0.1, 10**2.1))
    assert with_margin(np.array([0.0, 0.0]), is_log=False) == pytest.approx((-0.05, 0.05))
