"""Cascades of extended Einsums: notation, catalogue, execution, passes and costs."""
