"""The cost model: metrics by hand, limits, options, and the front of the default problem."""

import re
from pathlib import Path

import numpy as np
import pytest

from accel_models.attention.io_complexity.model import AttentionIO
from accel_models.attention.io_complexity.optimal import fa2_max_br
from accel_models.attention.io_complexity.options import AttentionIOOptions
from accel_models.attention.io_complexity.tiling import Head
from dse import Problem
from dse._grid import enumerate_range
from dse._ops import FLOATS
from dse.errors import DesignError, InputError
from workloads.catalogue import bert
from workloads.transformer import TransformerLayer

NOTE = Path(__file__).parents[2] / "docs" / "models" / "attention_io.md"
TINY = {"heads": 3, "head_dim": 8, "value_dim": 8, "d_model": 24, "d_ff": 96}


def model(*, seq_len=64, batch=2, **options):
    layer = TransformerLayer(name="tiny", seq_len=seq_len, batch=batch, **TINY)
    return AttentionIO(layer, AttentionIOOptions(**options))


def evaluate(bound, **design):
    """One design, with the breakdown; 4 KiB of memory and tiles of 16 unless told other."""
    values = {"query_tile_rows": 16, "key_tile_rows": 16, "fast_memory_bytes": 4096}
    return bound.evaluate(bound.space.parse(values | design), breakdown=True)


@pytest.fixture(scope="module")
def problem():
    bound = AttentionIO(bert())
    return Problem.of(bound, space=bound.space.narrowed(bound.default_space))


@pytest.fixture(scope="module")
def found(problem):
    return enumerate_range(problem, 0, problem.space.size)


@pytest.fixture(scope="module")
def front(problem, found):
    return problem.space.at(found.front.ids)


# -- by hand -------------------------------------------------------------------------------------
# 6 heads of N = 64, d = 8 in 16-bit words, tiles of 16: 4608 loads and 576 stores per head.


def test_traffic_of_all_heads_by_hand():
    found = evaluate(model())
    assert (found["loads_words"], found["stores_words"]) == (6 * 4608, 6 * 576)
    assert found["traffic_bytes"] == 6 * (4608 + 576) * 2
    assert found["traffic_bytes.key_value"] == 6 * 4096 * 2
    assert found["messages"] == 6 * 44


def test_energy_is_that_of_the_slow_memory():
    found = evaluate(model())
    assert found["energy_j"] == pytest.approx(6 * 5184 * 2 * 31.2e-12)
    assert found["energy_j.stores"] == pytest.approx(6 * 576 * 2 * 31.2e-12)


def test_area_is_that_of_the_fast_memory():
    assert evaluate(model())["area_mm2"] == pytest.approx(4 * 2564e-6)


def test_intensity_is_arithmetic_over_bytes():
    assert evaluate(model())["arithmetic_intensity"] == pytest.approx(65536 / (5184 * 2))


def test_two_buffers_overlap_and_one_takes_turns():
    bound = model(macs_per_s=1e9, dram_bandwidth_bytes_per_s=1e8, transfer_setup_s=1e-6)
    compute_s, transfer_s = 6 * 65536 / 1e9, 6 * (5184 * 2 / 1e8 + 44e-6)
    assert evaluate(bound, stream_buffers=2)["latency_s"] == pytest.approx(transfer_s)
    assert evaluate(bound, stream_buffers=1)["latency_s"] == pytest.approx(compute_s + transfer_s)


def test_compute_bounds_the_latency_of_a_fast_memory_system():
    bound = model(macs_per_s=1e6, transfer_setup_s=0.0)
    assert evaluate(bound)["latency_s"] == pytest.approx(6 * 65536 / 1e6)


def test_reference_is_that_of_the_capacity():
    # M = 2048 words: N^2 d^2 / M = 128 is less than 4Nd = 2048.
    assert evaluate(model())["reference_words"] == 6 * 2048


# -- feasibility ---------------------------------------------------------------------------------


def test_a_design_works_exactly_from_its_peak_on():
    bound = model()
    peak = int(evaluate(bound, stream_buffers=1)["peak_words"])
    assert peak == 800
    assert evaluate(bound, stream_buffers=1, fast_memory_bytes=2 * peak)["feasible"]
    short = evaluate(bound, stream_buffers=1, fast_memory_bytes=2 * peak - 1)
    assert bound.reasons[short["reason"]] == (
        "the schedule holds more words than the fast memory has: use smaller tiles, "
        "stream_buffers = 1, or more fast_memory_bytes"
    )


def test_a_memory_of_less_than_a_word_is_infeasible_not_an_error():
    assert not evaluate(model(), fast_memory_bytes=1)["feasible"]


def test_a_memory_holds_whole_bytes():
    with pytest.raises(DesignError, match=r"fast_memory_bytes = 64\.5") as caught:
        evaluate(model(), fast_memory_bytes=64.5)
    assert caught.value.allowed.endswith("from 1 B to 4 GiB), whole bytes only")


def test_a_memory_of_any_whole_number_of_bytes_is_taken():
    assert evaluate(model(), fast_memory_bytes=4097)["feasible"]


def test_tiles_longer_than_the_sequence_are_the_sequence():
    bound = model()
    whole, longer = (evaluate(bound, query_tile_rows=n, fast_memory_bytes=65536) for n in (64, 999))
    assert whole == longer


# -- options -------------------------------------------------------------------------------------


def test_a_causal_mask_moves_less():
    assert evaluate(model(mask="causal"))["loads_words"] == 6 * 3072


def test_backward_pass_by_hand():
    bound = model(direction="backward")
    found = evaluate(bound, fast_memory_bytes=8192)
    assert bound.space["algorithm"].options == ("fa2",)
    assert (found["loads_words"], found["stores_words"]) == (6 * 8704, 6 * 3136)


def test_inference_saves_no_statistics():
    assert evaluate(model(statistics=False))["traffic_bytes.statistics"] == 0


def test_wider_words_need_more_bytes():
    narrow, wide = (evaluate(model(word_bytes=n), fast_memory_bytes=8192) for n in (2, 4))
    assert wide["traffic_bytes"] == 2 * narrow["traffic_bytes"]
    assert wide["peak_words"] == narrow["peak_words"]


def test_component_table_of_the_user_counts(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("component,quantity,value,unit,source\ndram,energy,4,pJ/B,HBM of ours\n")
    assert evaluate(model(components=table))["energy_j"] == pytest.approx(6 * 5184 * 2 * 4e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask": "casual"}, "option mask = 'casual'. Did you mean 'causal'?"),
        ({"direction": "forwards"}, "option direction = 'forwards'. Did you mean 'forward'?"),
        ({"word_bytes": 0}, "option word_bytes = 0"),
        ({"macs_per_s": -1.0}, "option macs_per_s = -1.0"),
        ({"dram_bandwidth_bytes_per_s": float("nan")}, "option dram_bandwidth_bytes_per_s = nan"),
        ({"transfer_setup_s": -1e-9}, "option transfer_setup_s = -1e-09"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError) as caught:
        AttentionIOOptions(**options)
    assert str(caught.value).startswith(message)
    assert caught.value.allowed


# -- the default problem -------------------------------------------------------------------------


def test_default_problem_is_pinned(problem, found):
    assert problem.space.size == 86_400
    assert found.infeasible == 57_089
    assert len(found.front.ids) == 52


def test_front_spans_all_memories_and_both_schedules(problem, front):
    assert set(front["fast_memory_bytes"]) == set(problem.space["fast_memory_bytes"].levels)
    assert set(front["stream_buffers"]) == {1.0, 2.0}
    names = problem.space["algorithm"].options
    assert {names[int(a)] for a in front["algorithm"]} == {"fa2", "small_cache"}


def test_model_note_shows_the_front(problem, front):
    labels = problem.space.labels(front)
    note = NOTE.read_text(encoding="utf-8")
    for name in ("algorithm", "stream_buffers", "query_tile_rows", "key_tile_rows"):
        row = next(line for line in note.splitlines() if line.startswith(f"| `{name}` |"))
        shown = re.findall(r"([\w,]+) \((\d+)\)", row)
        counted = {(level, str(labels[name].count(level))) for level in labels[name]}
        assert {(level.replace(",", ""), n) for level, n in shown} == {
            (level.replace(",", ""), n) for level, n in counted
        }


def test_first_command_of_the_note_shows_metrics():
    command = NOTE.read_text(encoding="utf-8").split("```bash\n")[1].split("```")[0]
    bound = AttentionIO(bert(seq_len=int(re.search(r"seq_len=(\d+)", command)[1])))
    design = {name: int(value) for name, value in re.findall(r"--set (\w+)=(\d+)", command)}
    assert bound.evaluate(bound.space.parse(design))["feasible"]


def test_small_cache_holds_the_small_memories_and_flash_attention_the_large(problem, front):
    is_flash = front["algorithm"] == problem.space["algorithm"].options.index("fa2")
    words = front["fast_memory_bytes"] / 2
    assert words[is_flash].min() > 0.15 * 64**2
    assert words[~is_flash].max() < 64**2


def test_no_design_of_a_memory_moves_less_than_the_best_tiles(problem):
    rng = np.random.default_rng(0)
    names = problem.space["algorithm"].options
    designs = problem.space.sample(4000, rng)
    designs["algorithm"][:] = names.index("fa2")
    metrics = problem.model.compute(designs)
    for row in np.flatnonzero(metrics["feasible"]):
        M = float(designs["fast_memory_bytes"][row]) / 2
        Br = fa2_max_br(Head(65536.0, 64.0, 64.0), M, FLOATS)
        least = 768 * 65536 * 64 * (1 + 2 * np.ceil(65536 / Br))
        assert metrics["loads_words"][row] >= least
