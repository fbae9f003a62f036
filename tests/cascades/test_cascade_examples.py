"""The example cascades compute what they say."""

from pathlib import Path

import numpy as np
import pytest
from cascade_references import softmax
from scipy.special import expit

from accel_models.attention.cascades.execution import execute
from accel_models.attention.cascades.passes import analyse_passes
from accel_models.attention.cascades.reading import cascade_from_file

EXAMPLES = Path(__file__).parents[2] / "examples" / "cascades"


def softcap(Q, K, V):
    return V @ softmax(50 * np.tanh(K.T @ Q / np.sqrt(len(Q)) / 50), axis=0)


def sigmoid(Q, K, V):
    scores = K.T @ Q / np.sqrt(len(Q)) - np.log(K.shape[1])
    return V @ expit(scores)


EXPECTED = {
    "softcap_3pass": (softcap, 3),
    "softcap_1pass": (softcap, 1),
    "sigmoid_attention": (sigmoid, 1),
}


def test_every_example_is_tested():
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == {*EXPECTED}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_computes_its_function(name):
    cascade = cascade_from_file(EXAMPLES / f"{name}.yaml").resized({"m": 7, "p": 5, "e": 3, "f": 4})
    rng = np.random.default_rng(5)
    Q, K, V = (rng.normal(scale=20, size=s) for s in ((3, 5), (3, 7), (4, 7)))
    computed = execute(cascade, {"Q": Q, "K": K, "V": V})["AV"]
    np.testing.assert_allclose(computed, EXPECTED[name][0](Q, K, V), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", EXPECTED)
def test_passes_of_an_example(name):
    analysis = analyse_passes(cascade_from_file(EXAMPLES / f"{name}.yaml"), "m")
    assert analysis.passes == EXPECTED[name][1]
