"""Attention accelerators: FuseMax and the baselines it is compared with."""
