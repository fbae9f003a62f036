"""The twin and plain simpy handle the same events, one by one, on the same triggers."""

import sys
from pathlib import Path

import pytest

from accel_models.daq.twin.simulation import simulate_network

SCRIPTS = str(Path(__file__).parents[2] / "scripts")


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    import bench_daq_twin

    yield bench_daq_twin
    del sys.modules["bench_daq_twin"]


@pytest.mark.parametrize("system", ["queue", "pipeline"])
def test_both_turn_away_and_handle_as_many_events(bench, system):
    network = getattr(bench, system)()
    run = simulate_network(network, bench.SIMPY_TRIGGERS, 0)
    peer = bench.Simpy(network, run.events["arrival"].tolist()).run()
    assert peer.busy == pytest.approx(run.share("busy") * len(run.events))
    assert peer.busy > 20
    assert peer.stored == pytest.approx(run.share("stored") * len(run.events))
    assert peer.handled == run.handled


def test_a_peer_that_differs_ends_the_benchmark(bench, monkeypatch):
    monkeypatch.setattr(bench, "TICK_S", bench.CROSSING_S / 1100)
    with pytest.raises(SystemExit, match="busy"):
        bench.check_same(bench.queue())


def test_the_benchmark_prints_both_rates_and_their_ratio(bench, monkeypatch, capsys):
    monkeypatch.setattr(bench, "TWIN_TRIGGERS", 5000)
    monkeypatch.setattr(bench, "SIMPY_TRIGGERS", 500)
    bench.print_system("queue", bench.queue(), rounds=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["twin", "simpy", "ratio"]
