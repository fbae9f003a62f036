"""Every model as a Gymnasium environment, single and natively vectorised."""
