"""One design, a flat batch in chunks and an open grid give the same bits, breakdown included."""

import numpy as np
from fusemax_cases import layers, option_sets
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.fusemax import FuseMax
from dse._grid import grid_blocks
from workloads.catalogue import bert


class InSmallChunks(FuseMax):
    """The same model, cutting flat batches into several chunks."""

    chunk = 7


def same(a, b):
    return np.array_equal(a, b, equal_nan=True)


@settings(max_examples=40, deadline=None)
@given(layers(), option_sets, st.integers(0, 2**32))
def test_single_designs_equal_a_chunked_batch(layer, options, seed):
    model = InSmallChunks(layer, options)
    batch = model.space.sample(15, np.random.default_rng(seed))
    flat = model.evaluate(batch, breakdown=True)
    for row in range(15):
        design = {name: float(column[row]) for name, column in batch.items()}
        single = model.evaluate(design, breakdown=True)
        assert set(single) == set(flat)
        assert [name for name in single if not same(single[name], flat[name][row])] == []


@settings(max_examples=40, deadline=None)
@given(layers(), option_sets, st.data())
def test_an_open_grid_equals_a_flat_batch(layer, options, data):
    model = FuseMax(layer, options)
    chosen = {
        p.name: data.draw(
            st.lists(st.sampled_from(p.levels.tolist()), min_size=1, max_size=2, unique=True)
        )
        for p in model.space.parameters
        if p.name != "configuration"
    }
    space = model.space.narrowed(chosen)
    flat = model.evaluate(space.at(np.arange(space.size)), breakdown=True)
    for block in grid_blocks(space, largest=500):
        grid = model.evaluate(block.columns, breakdown=True)
        rows = slice(block.start, block.stop)
        assert [n for n in flat if not same(np.ravel(grid[n]), flat[n][rows])] == []


def test_metrics_do_not_depend_on_which_others_are_wanted():
    model = FuseMax(bert(seq_len=4096))
    batch = model.space.sample(200, np.random.default_rng(0))
    everything = model.compute(batch)
    for metric in model.metric_names:
        assert same(model.compute(batch, frozenset({metric}))[metric], everything[metric])
