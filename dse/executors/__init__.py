"""Where searches run: in this process, or on Ray."""
