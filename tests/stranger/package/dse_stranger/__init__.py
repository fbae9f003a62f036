"""Plug-ins for accel-dse, written by a stranger."""
