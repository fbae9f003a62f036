"""What runs on the hardware: schemas, a catalogue, and importers."""
