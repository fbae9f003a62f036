"""What hypothesis draws from: parameters, spaces and designs."""

import numpy as np
from hypothesis import strategies as st

from dse import Choice, DesignSpace, Integer, PowerOfTwo, Real

# Subnormal numbers and the last decades before overflow occur in no design.
numbers = st.floats(-1e100, 1e100, allow_subnormal=False)
names = st.text("abcdefgh", min_size=1, max_size=5)


@st.composite
def integers(draw, name="whole"):
    low = draw(st.integers(-50, 50))
    return Integer(name, low, low + draw(st.integers(0, 30)), draw(st.integers(1, 4)))


@st.composite
def powers_of_two(draw, name="power"):
    low = draw(st.integers(-10, 20))
    return PowerOfTwo(name, 2.0**low, 2.0 ** (low + draw(st.integers(0, 12))))


@st.composite
def choices_of_numbers(draw, name="listed"):
    return Choice(name, tuple(draw(st.lists(numbers, min_size=1, max_size=8, unique=True))))


@st.composite
def choices_of_names(draw, name="named"):
    return Choice(name, tuple(draw(st.lists(names, min_size=1, max_size=8, unique=True))))


@st.composite
def reals(draw, name="real"):
    low = draw(st.floats(1e-3, 1e3))
    log = draw(st.booleans())
    return Real(name, low, low * draw(st.floats(1.5, 1e3)), draw(st.integers(2, 20)), log)


KINDS = (integers, powers_of_two, choices_of_numbers, choices_of_names, reals)


def parameters(name="knob"):
    """A parameter of any kind."""
    return st.one_of(*(kind(name) for kind in KINDS))


@st.composite
def spaces(draw):
    """One to five parameters without rules."""
    count = draw(st.integers(1, 5))
    return DesignSpace(tuple(draw(parameters(f"p{j}")) for j in range(count)))


@st.composite
def spaces_with_codes(draw):
    """A space and the codes of some of its designs."""
    space = draw(spaces())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return space, rng.integers(0, space.shape, size=(draw(st.integers(1, 20)), len(space.shape)))
