"""Memory traces: what a memory controller serves, its file formats, and synthetic ones."""
