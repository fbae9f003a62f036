"""Configurations of published language models, one YAML file each, with its source."""
