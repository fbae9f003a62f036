"""Data-acquisition pipelines: schema, YAML reader, and the CMS systems as data."""
