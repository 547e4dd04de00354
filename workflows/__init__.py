"""The journeys: deterministic, no I/O, no clock, no database."""
