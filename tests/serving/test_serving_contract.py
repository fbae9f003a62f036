"""Every rule and every use of flash keeps the contract of cost models, bit by bit."""

import pytest
from serving_cases import LATENT, MIXTURE, alternating, random_trace, serving, tiny

from dse.testing.model_contract import ModelContract

VARIANTS = {
    "isolated": {"rule": "isolated"},
    "continuous": {"rule": "continuous", "max_batch": 4},
    "weights in flash": {"flash": "weights", "flash_load_share": 0.1},
    "cache in flash": {"flash": "cache", "flash_energy_j_per_byte": 1e-10},
}
MODELS = {"alternating": alternating(), "latent experts": tiny(LATENT, MIXTURE)}


class TestVariants(ModelContract):
    samples = 20

    @pytest.fixture(
        autouse=True,
        params=[(m, v) for m, v in zip([*MODELS] * 2, VARIANTS, strict=True)],
        ids="-".join,
    )
    def _variant(self, request):
        network, variant = request.param
        self.bound = serving(MODELS[network], random_trace(15), **VARIANTS[variant])

    def model(self):
        return self.bound
