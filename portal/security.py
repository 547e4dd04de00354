"""STUB to be replaced."""

from fastapi import FastAPI


def add_security_headers(app: FastAPI) -> None: ...
