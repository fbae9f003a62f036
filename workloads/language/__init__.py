"""Language models as hardware sees them: weight matrices, attention heads, cache, and counts."""
