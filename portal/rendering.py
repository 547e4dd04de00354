"""STUB to be replaced."""

from fastapi import FastAPI


def mount_static(app: FastAPI) -> None: ...
