from agents._evolution import Evolution
from agents._ranking import Pool, best_first
import numpy as np
class NSGA2(Evolution):
    def survivors(self, pool):
        order, rank = best_first(pool.scores)
        n_front = int(np.count_nonzero(rank == 0) if pool.scores.admissible.any() else 0)
        return pool.take(order[: max(self.settings.population, n_front)])
