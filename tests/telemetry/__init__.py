"""Metrics, log lines, traces and the doctor, on the running stack."""
