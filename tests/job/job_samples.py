"""A job file without a mistake."""

GOOD = """\
study: toy
model: {name: toy, fixed: {style: fast}}
workload: {operations: 2048}
space: {frequency_hz: [1 GHz, 500 MHz]}
objectives: {latency_s: min, area_mm2: min}
constraints: ["area_mm2 <= 100"]
search:
  - {searcher: random, budget: 20, seeds: [0, 1]}
  - {searcher: toy-walk, settings: {order: down}}
"""
