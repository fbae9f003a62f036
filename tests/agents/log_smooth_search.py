"""The larger synthetic problem, its true front, and how much of it a search finds."""

from functools import cache

import numpy as np
from log_smooth import LogSmooth
from support.toy import ToyWork

from dse import Problem, hypervolume, nondominated
from dse.testing.searcher_contract import drive


def log_smooth_problem(objectives=None, constraints=()):
    return Problem.of(LogSmooth(ToyWork()), objectives, constraints)


@cache
def true_front():
    """log10 of the objectives of every Pareto-optimal design."""
    problem = log_smooth_problem()
    designs = problem.space.at(np.arange(problem.space.size))
    points = np.log10(problem.score(designs, problem.model.compute(designs)).objectives)
    return points[nondominated(points)]


def share_of_hypervolume(searcher_type, budget, seed):
    """Hypervolume found over the hypervolume of the true front, on logarithmic axes."""
    searcher = searcher_type(log_smooth_problem(), np.random.default_rng(seed), budget)
    found = np.log10(drive(searcher, budget).objectives)
    reference = true_front().max(axis=0) + 0.1 * np.ptp(true_front(), axis=0)
    return hypervolume(found, reference) / hypervolume(true_front(), reference)


def mean_share(searcher_type, budget=500, seeds=(0, 1, 2)):
    return np.mean([share_of_hypervolume(searcher_type, budget, seed) for seed in seeds])


@cache
def least_latency():
    """The smallest latency that the constraints allow."""
    problem = bounded_problem()
    designs = problem.space.at(np.arange(problem.space.size))
    scores = problem.score(designs, problem.model.compute(designs))
    return scores.objectives[scores.admissible].min()


def bounded_problem():
    return log_smooth_problem({"latency_s": "min"}, ("area_mm2 <= 1.5", "energy_j <= 60"))


def excess_of_best(searcher_type, budget=400, seeds=(0, 1, 2, 3)):
    """By how much the best admissible design is above the true optimum; mean over seeds."""
    excess = []
    for seed in seeds:
        searcher = searcher_type(bounded_problem(), np.random.default_rng(seed), budget)
        history = drive(searcher, budget)
        best = history.objectives[history.violation == 0.0].min(initial=np.inf)
        excess.append(best / least_latency() - 1.0)
    return np.mean(excess)
