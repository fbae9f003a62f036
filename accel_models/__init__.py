"""Cost models of accelerators, one folder per system."""
