"""STUB to be replaced."""

from fastapi import FastAPI

from web.problems import install_problem_handlers


def install_page_handlers(app: FastAPI) -> None:
    install_problem_handlers(app)
