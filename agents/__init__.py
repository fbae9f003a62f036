"""Searchers, one readable file each."""
