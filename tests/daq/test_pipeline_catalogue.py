"""The CMS systems: parts and switches."""

import csv
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from dse._yaml import load_yaml, read_text
from dse.errors import WorkloadError
from workloads.pipelines import catalogue
from workloads.pipelines.catalogue import System, cms
from workloads.pipelines.schema import Gaussian

SYSTEMS = Path(catalogue.__file__).with_name("systems.yaml")


def test_names_in_the_signature_are_those_of_the_file():
    assert set(get_args(System)) == set(load_yaml(read_text(SYSTEMS), "").mapping())


@pytest.mark.parametrize("system", get_args(System))
def test_every_system_can_be_built(system):
    pipeline = cms(system=system)
    assert len(pipeline.detectors) == 19
    assert pipeline.trunk == ("L1", "HLT", "Disk")
    assert system in pipeline.name


def test_event_size_by_pileup():
    def size(pileup):
        nodes = cms(pileup=pileup).detectors
        return sum(dict(n.payload_bytes).get(pileup, n.payload_bytes[0][1]) for n in nodes)

    # detectors.csv of the source, columns summed
    assert size(60) == pytest.approx(1_740_666.67, abs=0.01)
    assert size(140) == pytest.approx(5_833_000)
    assert size(200) == pytest.approx(8_165_000)


def test_a_system_is_its_switches():
    full = cms(system="full-upgrade")
    same = cms(smart_pixels=True, l1_tracks=True, hlt="gpu")
    assert full.nodes == same.nodes


def test_switches_change_one_part_each():
    base = cms().nodes
    for switches, changed in (
        ({"smart_pixels": True}, {"Inner Tracker"}),
        ({"l1_tracks": True}, {"L1"}),
        ({"hlt": "gpu"}, {"HLT"}),
        ({"l1_ratio": 80}, {"L1"}),
        ({"hlt_classifier": "table"}, {"HLT"}),
    ):
        pairs = zip(base, cms(**switches).nodes, strict=True)
        assert {old.name for old, new in pairs if old != new} == changed


def test_micro_led_links():
    detectors, everywhere = (cms(micro_led=where) for where in ("detectors", "all"))
    assert {n.link.name for n in detectors.detectors} == {"micro-led"}
    assert detectors.node("Muon").link.name == "optical"
    assert everywhere.node("Muon").link.name == "micro-led"
    assert everywhere.node("L1").link.name == "optical"


def test_cms_is_of_2032():
    assert cms().year == 2032


def test_the_farm_is_simulated_as_servers_of_256_cores():
    service = cms().node("HLT").service
    assert (service.units_per_server, service.batch_overhead_s) == (256, 5e-4)


def test_classifiers():
    pipeline = cms(l1_classifier="gaussian", hlt_classifier="gaussian")
    assert pipeline.node("L1").classifier == Gaussian(skill=3.0)
    assert pipeline.node("HLT").classifier == Gaussian(skill=4.0)


def test_boost_of_tracks():
    assert cms(l1_tracks=True).node("L1").classifier.boost == 0.4


def test_polynomial_of_the_hlt_is_the_fit_to_the_wall_times():
    path = Path(__file__).parent / "data" / "hlt_wall_time.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    b = np.array([float(row["event_bytes"]) for row in rows]) / 1e6
    wall = np.array([float(row["cpu_wall_rel_pu60"]) for row in rows])
    fitted, *_ = np.linalg.lstsq(np.stack([b, b**2, b**3], axis=1), wall, rcond=None)
    ours = cms().node("HLT").operations[1:]
    assert fitted * [1e-6, 1e-12, 1e-18] == pytest.approx(ours, rel=1e-6)


BAD = {
    "system": ({"system": "phase-2-pu200"}, "Did you mean 'phase2-pu200'"),
    "pileup": ({"pileup": 500}, "pileup = 500 is out of range"),
    "ratio": ({"hlt_ratio": 0.9}, "hlt_ratio = 0.9 is out of range"),
    "year": ({"year": 1066}, "year = 1066 is out of range"),
}


@pytest.mark.parametrize(("switches", "part"), BAD.values(), ids=BAD)
def test_bad_switch(switches, part):
    with pytest.raises(WorkloadError, match=part):
        cms(**switches)
