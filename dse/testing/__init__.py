"""Reusable contract suites: a plug-in's own tests inherit them."""
