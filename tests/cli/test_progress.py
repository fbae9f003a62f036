"""Progress: rate over the recent past, remaining time, best so far; live and as lines."""

import io
import os
import pty
import re

import pytest
from rich.console import Console
from support.studies import spawn, write_job

from dse._study import Study
from dse.cli._progress import Pace, Progress, duration
from dse.executors.local import LocalExecutor
from dse.job.load import load_job


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def study(tmp_path):
    search = [{"searcher": "random", "budget": 40, "seeds": [0, 1]}, {"searcher": "exhaustive"}]
    return Study.create(tmp_path / "study", load_job(write_job(tmp_path, *search)))


def run(study, progress, clock, seconds_per_step=1.0, steps=10**6):
    def watch(step):
        clock.now += seconds_per_step
        progress(step)

    left = iter(range(steps))
    study.execute(LocalExecutor(), lambda: next(left, None) is None, watch)


def test_pace_is_unknown_before_the_first_result(clock):
    pace = Pace(clock)
    clock.now += 60
    assert pace.per_s is None
    assert pace.elapsed_s == 0.0


def test_pace_is_unknown_in_the_first_seconds(clock):
    pace = Pace(clock)
    pace.note(1000)
    clock.now += 1
    pace.note(2000)
    assert pace.per_s is None


def test_pace_counts_from_the_first_result(clock):
    """Results that were there before, and the time that Ray took to start, do not count."""
    pace = Pace(clock)
    clock.now += 30
    pace.note(1000)
    clock.now += 4
    pace.note(1200)
    assert pace.per_s == 50.0


def test_pace_follows_the_recent_past(clock):
    pace = Pace(clock)
    for done in range(0, 100_000, 1000):  # 1000 per second, then 10 per second
        pace.note(done)
        clock.now += 1
    for more in range(0, 400, 10):
        pace.note(done + more)
        clock.now += 1
    assert 9 < pace.per_s < 11


def test_pace_falls_while_nothing_comes(clock):
    pace = Pace(clock)
    pace.note(0)
    clock.now += 5
    pace.note(100)
    clock.now += 95
    assert pace.per_s == 1.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.9, "59 s"), (125, "2 min 5 s"), (15_000, "4 h 10 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def lines_of(study, clock, **options):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=False, width=60)
    with Progress(study, console=console, clock=clock, **options) as progress:
        run(study, progress, clock)
    return stream.getvalue().splitlines()


def test_lines_every_few_seconds_and_at_the_end(study, clock):
    lines = lines_of(study, clock)
    rate = (
        r"[\d,]+ of 336 designs \(\d+%\), \d+(\.\d+)?/s, \d+ s left; front \d+; best latency_s .*"
    )
    assert all(re.fullmatch(rate, line) for line in lines[:-1])
    assert re.fullmatch(r"336 designs evaluated in \d+ s; front 8; best .*", lines[-1])


def test_quiet_shows_nothing(study, clock):
    assert lines_of(study, clock, quiet=True) == []


def test_finished_study_shows_nothing(study, clock):
    lines_of(study, clock)
    assert lines_of(study, clock) == []


def test_status_is_estimating_at_first(study, clock):
    progress = Progress(study, clock=clock)
    run(study, progress, clock, seconds_per_step=0.1, steps=3)
    assert "designs (" in progress.line()
    assert ", estimating; front" in progress.line()


def test_what_the_ledger_holds_counts_as_done(study, clock):
    run(study, Progress(study, clock=clock), clock, steps=3)
    done = sum(sum(study.counts(info).values()) for info in study.store.runs())
    assert Progress(study, clock=clock).line().startswith(f"{done} of 336")


def test_search_that_ends_early_is_no_longer_to_come(tmp_path, clock):
    limits = {"identical_failures": 3}
    work = {"fault": "raise", "everywhere": True}
    job = write_job(tmp_path, {"searcher": "random", "budget": 90}, work=work, limits=limits)
    study = Study.create(tmp_path / "early", load_job(job))
    progress = Progress(study, clock=clock)
    run(study, progress, clock)
    assert progress.line().startswith("3 of 3 designs (100%)")
    assert "no admissible design yet" in progress.line()


def test_live_picture_has_a_bar_per_searcher(study, clock):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, color_system=None)
    with Progress(study, console=console, clock=clock) as progress:
        run(study, progress, clock)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert re.search(r"random\s+2 seeds\s+\[#{24}\]\s+80/80", text)
    assert re.search(r"exhaustive\s+\[#{24}\]\s+256/256", text)


def test_under_a_terminal(tmp_path):
    """`dse run` on a pseudo-terminal: live bars on stderr, results on stdout."""
    job = write_job(tmp_path, {"searcher": "random", "budget": 100}, work={"sleep_s": 0.005})
    ours, theirs = pty.openpty()
    process = spawn("run", job, "--study", tmp_path / "s", stderr=theirs, TERM="xterm")
    os.close(theirs)
    out, _ = process.communicate(timeout=60)
    shown = os.read(ours, 1_000_000).decode()
    os.close(ours)
    assert process.returncode == 0
    assert "Front: " in out
    assert "\x1b[" in shown
    assert "100/100" in shown
    assert "100 designs evaluated in" in shown
