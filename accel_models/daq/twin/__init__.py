"""The discrete-event twin of the data-acquisition pipeline: what finite buffers do to the rates."""
