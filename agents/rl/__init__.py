"""Reinforcement-learning searchers, single- and multi-agent, on Stable-Baselines3."""
