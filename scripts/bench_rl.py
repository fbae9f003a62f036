"""Environment steps per CPU second of reinforcement learning: plain and vectorised environments.

Stable-Baselines3's PPO trains on the same problem with the same settings in every case; only the
environments differ. The multi-agent learners run as searches do: draw, evaluate, learn. One thread;
every case once per round; ratios are taken within a round.

    python scripts/bench_rl.py
    python scripts/bench_rl.py --model dram/controller --envs 64 --rounds 3
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from _measure import Case, machine_state, pin_threads, rates

pin_threads()

import click  # noqa: E402 - threads first
import numpy as np  # noqa: E402 - threads first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _measure import Spread
    from stable_baselines3.common.vec_env import VecEnv

    from dse import Problem

STEPS = 16
"""Steps of every environment per rollout."""

EPOCHS = 4


def plain(problem: Problem, count: int) -> VecEnv:
    """Stable-Baselines3's own loop over `count` single environments."""
    from stable_baselines3.common.vec_env import DummyVecEnv

    from dse.envs import single

    return DummyVecEnv([partial(single.make, problem=problem, action="box")] * count)


def vectorised(problem: Problem, count: int) -> VecEnv:
    """As many environments in one batch."""
    from dse.envs import sb3

    return sb3.make(count, problem=problem, action="box")


def ppo_case(env: VecEnv) -> Case:
    """One rollout and one update of PPO, in a single minibatch per epoch."""
    from stable_baselines3 import PPO

    steps = STEPS * env.num_envs
    algorithm = PPO(
        "MlpPolicy", env, n_steps=STEPS, batch_size=steps, n_epochs=EPOCHS, device="cpu", seed=0
    )
    learn = partial(algorithm.learn, total_timesteps=steps, reset_num_timesteps=False)
    return Case(learn, steps)


def search_case(problem: Problem, searcher: str, count: int) -> Case:
    """One batch of a searcher: draw designs, evaluate and learn."""
    from dse._plugins import load

    kind = load("searchers", searcher)
    settings = kind.Settings(num_envs=count, n_epochs=EPOCHS)
    search = kind(problem, np.random.default_rng(0), 100 * count, settings)

    def step() -> None:
        designs = search.ask(count)
        search.tell(designs, problem.model.compute(designs))

    return Case(step, count)


def all_cases(problem: Problem, count: int) -> dict[str, Case]:
    """Everything that is measured, by name."""
    searchers = ("ppo", "ippo", "shared-ppo", "mappo")
    return {
        "SB3 PPO, DummyVecEnv of 1": ppo_case(plain(problem, 1)),
        f"SB3 PPO, DummyVecEnv of {count}": ppo_case(plain(problem, count)),
        f"SB3 PPO, dse.envs.sb3 of {count}": ppo_case(vectorised(problem, count)),
        **{f"searcher {s}, batches of {count}": search_case(problem, s, count) for s in searchers},
    }


def table(found: Mapping[str, Spread]) -> str:
    """Rates, and how many times the rate of a plain DummyVecEnv of the same size, of each case."""
    baseline = list(found.values())[1]
    rows = ["| case | steps per CPU s | over the second line |", "| --- | --- | --- |"]
    rows += [
        f"| {name} | {rate.text(',.0f')} | {rate.over(baseline).text('.1f')} |"
        for name, rate in found.items()
    ]
    return "\n".join(rows)


@click.command()
@click.option("--model", default="attention/fusemax", show_default=True, help="A cost model.")
@click.option("--envs", "count", default=256, show_default=True, help="Parallel environments.")
@click.option("--rounds", default=5, show_default=True, help="Repetitions of every case.")
def main(*, model: str, count: int, rounds: int) -> None:
    """Measure and print a table: median (lowest to highest) over the rounds."""
    import torch

    from dse._build import build_problem

    torch.set_num_threads(1)
    problem: Any = build_problem(model=model)
    print(f"{model}, {machine_state()}\n\n{table(rates(all_cases(problem, count), rounds))}")


if __name__ == "__main__":
    main()
