"""How many words attention must move between a slow and a fast memory, and what each costs."""
