"""Reports to render: a realistic one, and small ones at the edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dse._pareto import nondominated
from dse.report.data import AxisInfo, FrontTable, ReportData, RunCurve, RunDiagnostics, RunSummary
from dse.units import format_quantity, unit_of_name

LATENCY = AxisInfo("latency_s", "s", "min")
ENERGY = AxisInfo("energy_j", "J", "min")
AREA = AxisInfo("area_mm2", "mm2", "min")
THROUGHPUT = AxisInfo("throughput_per_s", "1/s", "max")
CONFIGURATIONS = ("unfused", "flat", "cascade", "architecture", "binding")
PARAMETERS = {
    "pe_dim": [32, 64, 128, 256, 512],
    "pe_1d_ratio": [0.25, 0.5, 1, 2],
    "global_buffer_bytes": [2.0**n for n in range(18, 26)],
    "dram_bandwidth_bytes_per_s": [n * 2.0**30 for n in (50, 100, 200, 400, 800)],
    "frequency_hz": [400e6, 940e6, 1.5e9],
}


def curve(searcher="nsga2", seed=0, evaluations=(1, 10, 100), hypervolume=(0.0, 1.0, 2.0)):
    return RunCurve(
        f"{searcher}, seed {seed}",
        searcher,
        seed,
        np.array(evaluations, dtype=np.int64),
        np.array(hypervolume, dtype=np.float64),
    )


def training(searcher="ppo", seed=0, **columns):
    arrays = {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
    return RunDiagnostics(f"{searcher}, seed {seed}", searcher, seed, arrays)


def front(*objectives, **columns):
    size = len(next(iter(columns.values())))
    metrics = {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
    labels = {"mode": [CONFIGURATIONS[i % 2] for i in range(size)], "depth": ["4"] * size}
    return FrontTable(labels, metrics, objectives)


def report(table, **changes):
    """A small report around a front."""
    data = ReportData(
        title="sample",
        subtitle="toy model on a toy workload",
        objectives=table.objectives,
        front=table,
        cloud={axis.name: 3 * table.metrics[axis.name] for axis in table.objectives},
        cloud_searcher=["nsga2"] * table.size,
        violating={},
        curves=(curve(seed=0), curve(seed=1), curve("random")),
        diagnostics=(),
        summaries=(RunSummary("nsga2", 0, 1200, 3, 0, 1100, 2, 1.5, 0.995),),
        reference_point=dict.fromkeys(table.metrics, 10.0),
        notes=(),
        job_yaml="study: sample\n",
        environment={"python": "3.11"},
        categorical="mode",
    )
    return replace(data, **changes)


def two_objectives():
    return front(LATENCY, ENERGY, latency_s=[0.1, 1.0, 50.0], energy_j=[9.0, 5.0, 2.0])


def realistic(n_cloud=3000, n_front=370, seed=0):
    """Three objectives over several decades, three searchers, as a real study leaves them."""
    rng = np.random.default_rng(seed)
    objectives = (LATENCY, ENERGY, AREA)
    points = _tradeoff(n_cloud, rng, spread=1.2)
    best = _tradeoff(40 * n_front, rng, spread=0.08)
    best = best[nondominated(best)][:n_front]
    return ReportData(
        title="bert-64k",
        subtitle="attention/fusemax on bert (sequence length 65,536): 1,036,800 designs, "
        "3 objectives, area_mm2 <= 5000",
        objectives=objectives,
        front=_front_of(best, objectives, rng),
        cloud={axis.name: points[:, j] for j, axis in enumerate(objectives)},
        cloud_searcher=[("nsga2", "random")[i % 2] for i in range(n_cloud)],
        violating={axis.name: points[:, j] / 3 for j, axis in enumerate(objectives)},
        curves=tuple(_curves(rng)),
        diagnostics=tuple(_diagnostics(rng)),
        summaries=tuple(_summaries(rng)),
        reference_point={"latency_s": 1e3, "energy_j": 1e5, "area_mm2": 5e3},
        notes=(
            "17 of 1,156,800 evaluations failed (nsga2, seed 2).",
            "Most violated constraint: area_mm2 <= 5000 (12.4 % of designs).",
        ),
        job_yaml=_JOB,
        environment={
            "accel-dse": "0.1.0",
            "python": "3.11.9",
            "numpy": "2.2.1",
            "machine": "Linux",
        },
        categorical="configuration",
    )


def _tradeoff(n, rng, spread):
    area = 10 ** rng.uniform(np.log10(5), np.log10(5000), n)
    balance = rng.uniform(-0.5, 0.5, n)
    latency = 600 / area**0.9 * 10 ** (balance + rng.exponential(spread, n))
    energy = 3e3 * (area / 150) ** 0.25 * 10 ** (-0.8 * balance + rng.exponential(spread, n))
    return np.stack([np.clip(latency, 0.1, 1e3), np.clip(energy, 1e2, 1e5), area], axis=1)


def _front_of(points, objectives, rng):
    size = np.argsort(np.argsort(points[:, 2])) / len(points)
    labels = {"configuration": [CONFIGURATIONS[i] for i in _near(size, 5, rng)]}
    for name, levels in PARAMETERS.items():
        unit = unit_of_name(name)
        labels[name] = [format_quantity(levels[i], unit, 6) for i in _near(size, len(levels), rng)]
    metrics = {axis.name: points[:, j] for j, axis in enumerate(objectives)}
    metrics["utilization"] = rng.uniform(0.3, 1.0, len(points))
    return FrontTable(labels, metrics, objectives)


def _near(size, n, rng):
    noisy = size * n + rng.normal(0, 0.2 * n, len(size))
    return np.clip(noisy, 0, n - 1).astype(int)


def _curves(rng):
    evaluations = np.unique(np.geomspace(1, 20000, 120).astype(np.int64))
    for searcher, rate in (("nsga2", 700.0), ("random", 4000.0)):
        for seed in range(3):
            noise = rng.lognormal(0, 0.3)
            growth = 31 * (evaluations / (evaluations + rate * noise)) ** 0.25
            yield RunCurve(f"{searcher}, seed {seed}", searcher, seed, evaluations, growth)
    grid = np.unique(np.linspace(1e4, 1036800, 90).astype(np.int64))
    yield RunCurve("exhaustive", "exhaustive", 0, grid, 31 * (grid / 1036800) ** 0.1)


def _diagnostics(rng):
    evaluations = np.arange(64, 20001, 64.0)
    for searcher, rate in (("ppo", 5000.0), ("mappo", 2000.0)):
        for seed in range(3):
            yield training(
                searcher,
                seed,
                evaluations=evaluations,
                mean_reward=-np.exp(-evaluations / rate) + rng.normal(0, 0.02, len(evaluations)),
                entropy=9 * np.exp(-evaluations / rate),
                value_loss=rng.lognormal(-2, 0.3, len(evaluations)),
            )


def _summaries(rng):
    for searcher in ("nsga2", "random"):
        for seed in range(3):
            volume = float(rng.uniform(26, 30.5))
            failed = 17 if (searcher, seed) == ("nsga2", 2) else 0
            yield RunSummary(searcher, seed, 20000, 412, failed, 9000, 121, volume, volume / 31)
    yield RunSummary("exhaustive", None, 1036800, 21877, 0, 1014923, 370, 31.0, 1.0)


_JOB = """\
study: bert-64k
model: {name: attention/fusemax, fixed: {frequency_hz: 940e6}}
workload: {name: bert, seq_len: 65536}
objectives: {latency_s: min, energy_j: min, area_mm2: min}
constraints: ["area_mm2 <= 5000"]
search:
  - {searcher: nsga2, budget: 20000, seeds: [0, 1, 2]}
  - {searcher: random, budget: 20000, seeds: [0, 1, 2]}
  - {searcher: exhaustive}
"""
