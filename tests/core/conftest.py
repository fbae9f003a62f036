"""Hypothesis draws the same examples in every run, and a busy machine fails no test."""

from hypothesis import settings

settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")
