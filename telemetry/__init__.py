"""What can be seen from outside: metrics, the ids on log lines, traces. Closed words and opaque ids only."""
