"""The figures of SystemFlow beside ours: every figure of every result and sweep.

The tables are described in `docs/models/daq.md`. Scenarios and systems are read as designs of the
model's own space; nothing is special to a row.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from accel_models.comparison import Comparison, read_figures
from accel_models.daq import outcome
from accel_models.daq.chain import chain_figures
from accel_models.daq.pipeline import DAQPipeline, PipelineOptions
from accel_models.daq.sensitivity import elasticities
from dse._ops import FLOATS
from workloads.pipelines.catalogue import cms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SWEEPS = (
    "sweep_l1_ratio_boost_shared", "sweep_pileup_l1_ratio_shared", "sweep_inner_tracker_shared",
    "sweep_constant_total_rejection_shared",
)  # fmt: skip
THROUGHPUTS_TBPS = {"phase1": 1.600, "phase2-pu140": 24.37, "phase2-pu200": 50.58}
"""Event-builder throughput of a system; CMS quotes 1.6, 24 and 51 Tb/s."""

_CLASSIFIERS = {"A": ("table", "gaussian"), "B": ("table", "table"), "C": ("gaussian", "gaussian")}
_BOOST, _PIXELS = 0.40, 0.46
_EXACT, _POWERS, _QUALITY = 1e-6, 2e-4, 1e-3
_QUALITIES = {
    "TN", "FN", "FP", "TP", "precision", "recall", "f1", "productivity_per_kJ",
    "energy_per_relevant_kJ",
}  # fmt: skip
_PARAMETERS = {
    "l1_reduction_ratio": "l1_reduction_ratio",
    "hlt_reduction_ratio": "hlt_reduction_ratio",
    "l1_score_boost": "l1_boost",
    "inner_tracker_data_factor": "inner_tracker_data_factor",
    "scaling_year": "year",
}
"""Column -> parameter."""

_ELASTICITIES = {
    "l1_reduction_ratio": "l1_reduction_ratio",
    "inner_tracker_bytes": "inner_tracker_data_factor",
    "hlt_energy_per_op": "hlt_op_energy_j",
    "l1_energy_per_op": "l1_op_energy_j",
    "l1_gauss_skill": "l1_skill",
    "hlt_gauss_skill": "hlt_skill",
    "hlt_reduction_ratio": "hlt_reduction_ratio",
    "detector_link_J_per_bit": "front_end_bit_energy_j",
}
"""Name in the table -> parameter."""


def compare_all(folder: Path) -> list[Comparison]:
    """Every figure beside ours.

    Args:
        folder: `tests/daq/data`, or one like it.

    Raises:
        InputError: A table is missing.
    """
    return [
        *_compare_results(folder),
        *(comparison for table in SWEEPS for comparison in _compare_sweep(folder, table)),
        *_compare_elasticities(folder),
        *_compare_chain(folder),
        *_compare_rerun(folder),
        *_compare_headline(folder),
    ]


# -- designs -------------------------------------------------------------------------------------


@cache
def _model(letter: str, pileup: float, sizes: str, *, integers: bool) -> DAQPipeline:
    l1, hlt = _CLASSIFIERS[letter]
    pipeline = cms(
        pileup=pileup,
        l1_classifier=l1,  # type: ignore[arg-type]
        hlt_classifier=hlt,  # type: ignore[arg-type]
        sizes=sizes,  # type: ignore[arg-type]
    )
    return DAQPipeline(pipeline, PipelineOptions(integer_counts=integers))


def design_of(row: Mapping[str, str]) -> dict[str, float]:
    """The parameters that a row of a table names, by column and by system."""
    design = {p: float(row[column]) for column, p in _PARAMETERS.items() if column in row}
    words = {row.get("hlt_hardware", ""), *row.get("system", "").split("_")}
    if "gpu" in words:
        design["hlt_offload_share"] = 1.0
    if "l1t" in words:
        design["l1_boost"] = _BOOST
    if "smpx" in words:
        design["inner_tracker_data_factor"] = _PIXELS
    if "uled" in words:
        design["front_end_bit_energy_j"] = 2e-12
    if "uled" in words and "only" not in words:
        design["aggregation_bit_energy_j"] = 2e-12
    return design


def figures(model: DAQPipeline, design: Mapping[str, float]) -> dict[str, float]:
    """Every figure of a design, under the names of the tables."""
    known = {name: value for name, value in design.items() if name in model.space.names}
    x = model.space.parse(known)
    found = model.states(x, FLOATS)
    counts = outcome.Contingency.of(found)
    powers = outcome.power_parts_w(found, x, model.links, FLOATS)
    metrics: dict[str, Any] = model.compute(x)
    l1 = found.states["L1"]
    unscaled = outcome.total(powers.values())
    return {
        "event_bytes": l1.message_bytes - model.workload.node("L1").payload_bytes[0][1],
        "l1_message_bytes": l1.message_bytes,
        **_stage_figures("l1", found.states["L1"]),
        **_stage_figures("hlt", found.states["HLT"]),
        "output_Hz": counts.stored_hz,
        "link_power_W": outcome.total(p for name, p in powers.items() if name.endswith("_link")),
        "total_power_W": unscaled,
        "scale_factor": unscaled / metrics["power_w"],
        "scaled_power_W": metrics["power_w"],
        "TN": counts.TN,
        "FN": counts.FN,
        "FP": counts.FP,
        "TP": counts.TP,
        "precision": metrics["precision"],
        "recall": metrics["recall"],
        "f1": metrics["f1"],
        "productivity_per_kJ": 1e3 * metrics["productivity"],
        "energy_per_relevant_kJ": 1e-3 * metrics["relevant_sample_energy_j"],
        "evb_Tbps": 8e-12 * metrics["event_builder_bytes_per_s"],
    }


def _stage_figures(name: str, state: Any) -> dict[str, float]:
    return {
        f"{name}_ops": state.operations,
        f"{name}_energy_J": state.energy_j,
        f"{name}_power_W": state.power_w,
        f"{name}_threshold": state.decision.threshold,
        f"{name}_fpr": state.decision.background,
        f"{name}_tpr": state.decision.signal,
        f"{name}_output_Hz": state.output.rate_hz,
    }


# -- tables --------------------------------------------------------------------------------------


def _scenarios(folder: Path) -> dict[str, dict[str, str]]:
    """The rows that describe the scenarios, by name."""
    return {row["scenario"]: row for row in read_figures(folder / "scenarios.csv")}


def _compare_results(folder: Path) -> Iterator[Comparison]:
    scenarios = _scenarios(folder)
    for row in read_figures(folder / "results_shared.csv"):
        scenario, letter = scenarios[row["scenario"]], row["model"][0]
        integers = "no_integer" not in row["model"]
        model = _model(letter, float(scenario["pileup"]), "table", integers=integers)
        ours = figures(model, design_of(scenario))
        label = f"{letter}{'' if integers else ' uncut'} {row['scenario']}"
        yield from _compare_row("results_shared", label, row, ours, exact=not integers)


def _compare_sweep(folder: Path, table: str) -> Iterator[Comparison]:
    """Model A at pileup 200 or in between, cut to integers."""
    for row in read_figures(folder / f"{table}.csv"):
        pileup = 60.0 + 140.0 * float(row.get("pileup_interp", 1.0))
        model = _model("A", pileup, "ends", integers=True)
        keys = [key for key in row if key in _PARAMETERS or key in ("pileup_interp", "system")]
        label = " ".join(row[key] for key in keys)
        yield from _compare_row(table, label, row, figures(model, design_of(row)))


def _compare_row(
    table: str,
    label: str,
    row: Mapping[str, str],
    ours: Mapping[str, float],
    *,
    exact: bool = False,
) -> Iterator[Comparison]:
    for column in filter(ours.__contains__, row):
        tolerance = _QUALITY if column in _QUALITIES else _POWERS
        yield Comparison(
            table, label, column, ours[column], float(row[column]), _EXACT if exact else tolerance
        )


def _compare_elasticities(folder: Path) -> Iterator[Comparison]:
    scenarios = _scenarios(folder)
    columns = {
        "elasticity_scaled_power_W": "power_w",
        "elasticity_f1": "f1",
        "elasticity_productivity_per_kJ": "productivity",
    }
    for row in read_figures(folder / "elasticities_shared.csv"):
        scenario = scenarios[row["scenario"]]
        model = _model("C", float(scenario["pileup"]), "table", integers=False)
        design = design_of(scenario)
        known = {name: value for name, value in design.items() if name in model.space.names}
        found = elasticities(model, known)[_ELASTICITIES[row["parameter"]]]
        for column, metric in columns.items():
            theirs = float(row[column])
            is_small = abs(theirs) < 1e-3
            yield Comparison(
                "elasticities_shared", f"{row['scenario']} {row['parameter']}", column,
                found[metric], theirs, 1e-5 if is_small else 1e-2, is_small,
            )  # fmt: skip


def _compare_chain(folder: Path) -> Iterator[Comparison]:
    for row in read_figures(folder / "three_level_gaussian_chain.csv"):
        ours = chain_figures(row)
        yield from _compare_row("three_level_gaussian_chain", row["case"], row, ours, exact=True)


def _compare_rerun(folder: Path) -> Iterator[Comparison]:
    """Medians of six seeds of the repository itself, which draws its scores at random."""
    scenarios = _scenarios(folder)
    for row in read_figures(folder / "repo_rerun_shared.csv"):
        scenario = scenarios[row["scenario"]]
        model = _model("A", float(scenario["pileup"]), "table", integers=True)
        ours = figures(model, design_of(scenario))
        for column in ("scaled_power_W", "f1", "productivity_per_kJ", "l1_tpr", "link_power_W"):
            theirs = float(row[f"{column}_median"])
            label = row["scenario"]
            yield Comparison("repo_rerun_shared", label, column, ours[column], theirs, 0.02)


def _compare_headline(folder: Path) -> Iterator[Comparison]:
    """0.065 -> 0.31 samples/kJ at 60 % less power, and the event builder's throughput."""
    scenarios = _scenarios(folder)
    model = _model("A", 200.0, "table", integers=True)
    before, after = (
        figures(model, design_of(scenarios[name])) for name in ("baseline", "gpu_smpx_l1t")
    )
    kept = after["scaled_power_W"] / before["scaled_power_W"]
    quoted = {
        "baseline, samples/kJ": (before["productivity_per_kJ"], 0.065, 5e-4),
        "all upgrades, samples/kJ": (after["productivity_per_kJ"], 0.31, 5e-3),
        "power saved": (1.0 - kept, 0.60, 5e-3),
    }
    for label, (ours, theirs, rounding) in quoted.items():
        yield Comparison("headline", label, "figure", ours, theirs, rounding, is_absolute=True)
    for system, theirs in THROUGHPUTS_TBPS.items():
        uncut = DAQPipeline(cms(system=system))  # type: ignore[arg-type]
        bytes_per_s = uncut.compute(uncut.space.parse({}))["event_builder_bytes_per_s"]
        ours = 8e-12 * bytes_per_s
        yield Comparison("headline", f"{system}, Tb/s", "figure", ours, theirs, 1e-3)
