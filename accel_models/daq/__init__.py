"""Data-acquisition pipelines of high-energy physics."""
