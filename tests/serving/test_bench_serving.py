"""The benchmark counts what it says it counts."""

from bench_serving import measure


def test_the_benchmark_prints_lengths_designs_and_times(capsys):
    measure(4, "llama-3.2-1b", "fcfs")
    printed = capsys.readouterr().out
    for text in ("8,819 requests", "3,552", "7,981", "237,077", "wall time", "processor time"):
        assert text in printed
