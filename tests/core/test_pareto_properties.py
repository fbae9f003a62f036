"""Running fronts against the definition: all pairs compared."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dse import RunningFront, nondominated
from dse._pareto import Shadow

timeless = settings(deadline=None)
VALUES = st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, np.nan, np.inf, -np.inf])


def point_sets(values=VALUES, max_size=40):
    sizes = st.tuples(st.integers(0, max_size), st.integers(1, 4))
    return sizes.flatmap(lambda shape: arrays(np.float64, shape, elements=values))


def brute_force_ids(points):
    """Finite rows that no other dominates; of equal rows the first."""
    finite = [i for i, p in enumerate(points) if np.isfinite(p).all()]
    kept = []
    for i in finite:
        beaten = any(
            (points[j] <= points[i]).all() and (points[j] < points[i]).any() for j in finite
        )
        repeated = any((points[j] == points[i]).all() for j in finite if j < i)
        if not beaten and not repeated:
            kept.append(i)
    return kept


def front_of_chunks(points, chunks):
    front = RunningFront.empty(points.shape[1])
    for ids in chunks:
        front.update(points[ids], np.asarray(ids, dtype=np.int64))
    return front


@timeless
@given(points=point_sets())
def test_nondominated_is_the_brute_force_front(points):
    assert np.flatnonzero(nondominated(points)).tolist() == brute_force_ids(points)


@timeless
@given(points=point_sets(), data=st.data())
def test_front_does_not_depend_on_chunks_or_their_order(points, data):
    order = data.draw(st.permutations(range(len(points))))
    cut = data.draw(st.integers(0, len(points)))
    chunks = [order[:cut], order[cut:]] if len(points) else []
    front = front_of_chunks(points, chunks)
    assert front.ids.tolist() == brute_force_ids(points)
    np.testing.assert_array_equal(front.points, points[front.ids])


@timeless
@given(points=point_sets(), repeats=st.integers(1, 3))
def test_adding_points_again_changes_nothing(points, repeats):
    everything = list(range(len(points)))
    front = front_of_chunks(points, [everything] * repeats)
    assert front.ids.tolist() == brute_force_ids(points)


@st.composite
def grids(draw):
    """A block of shape (a, b, c): each objective varies along some of the axes."""
    shape = draw(st.tuples(*[st.integers(1, 4)] * 3))
    columns = []
    for _ in range(draw(st.integers(1, 3))):
        varies = draw(st.tuples(*[st.booleans()] * 3))
        small = tuple(n if v else 1 for n, v in zip(shape, varies, strict=True))
        columns.append(draw(arrays(np.float64, small, elements=VALUES)))
    return shape, columns


def flat_points(shape, columns):
    return np.stack([np.broadcast_to(column, shape).ravel() for column in columns], axis=1)


@timeless
@given(grid=grids(), first_id=st.integers(0, 1000))
def test_grid_block_gives_the_front_of_its_flat_points(grid, first_id):
    shape, columns = grid
    front = RunningFront.empty(len(columns))
    front.update_columns(columns, shape, first_id)
    expected = brute_force_ids(flat_points(shape, columns))
    assert (front.ids - first_id).tolist() == expected


@timeless
@given(grid=grids(), data=st.data())
def test_grid_block_meets_an_older_front(grid, data):
    shape, columns = grid
    points = flat_points(shape, columns)
    older = data.draw(arrays(np.float64, (5, len(columns)), elements=VALUES))
    front = RunningFront.empty(len(columns))
    front.update(older, np.arange(5))
    front.update_columns(columns, shape, 5)
    assert front.ids.tolist() == brute_force_ids(np.concatenate([older, points]))


@timeless
@given(points=point_sets(st.integers(0, 6).map(float)), data=st.data())
def test_shadow_spares_every_point_that_no_member_dominates(points, data):
    front = points[nondominated(points)]
    if not len(front):
        return
    uncut = data.draw(st.integers(0, points.shape[1] - 1))
    probes = np.concatenate([points, points - 1])
    spared = Shadow.of(front, uncut).spares(list(probes.T))
    beaten = [any((q <= p).all() and (q < p).any() for q in front) for p in probes]
    assert not (~np.broadcast_to(spared, len(probes)) & ~np.array(beaten)).any()


@pytest.mark.parametrize("n_objectives", [1, 2, 3, 5, 20])
def test_shadow_hides_what_is_far_behind_the_front(n_objectives):
    front = np.random.default_rng(0).random((300, n_objectives))
    shadow = Shadow.of(front[nondominated(front)], 0)
    assert not np.any(shadow.spares(list(np.full((1, n_objectives), 2.0).T)))


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_large_fronts_survive_the_coarse_shadow(seed):
    rng = np.random.default_rng(seed)
    direction = np.abs(rng.normal(size=(20_000, 3))) + 1e-3
    sphere = 1 - direction / np.linalg.norm(direction, axis=1)[:, None]
    points = np.round(sphere, 2)
    front = front_of_chunks(points, np.array_split(rng.permutation(len(points)), 5))
    assert front.ids.tolist() == np.flatnonzero(nondominated(points)).tolist()
