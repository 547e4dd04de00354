"""What journeys do to the world: one class per capability, one effect per method."""
