"""Every built-in searcher keeps the contract."""

from agents.annealing import SimulatedAnnealing
from agents.ant_colony import AntColony
from agents.exhaustive import Exhaustive
from agents.genetic import Genetic
from agents.nsga2 import NSGA2
from agents.random_search import RandomSearch
from agents.sobol import Sobol
from dse.testing.searcher_contract import SearcherContract


class TestRandom(SearcherContract):
    searcher_type = RandomSearch


class TestExhaustive(SearcherContract):
    searcher_type = Exhaustive


class TestSobol(SearcherContract):
    searcher_type = Sobol


class TestAnnealing(SearcherContract):
    searcher_type = SimulatedAnnealing


class TestNSGA2(SearcherContract):
    searcher_type = NSGA2


class TestGenetic(SearcherContract):
    searcher_type = Genetic
    several_objectives = False


class TestAntColony(SearcherContract):
    searcher_type = AntColony
