"""What Portico costs, measured beside floors: bare but real implementations of the same thing, in the same run."""
