"""STUB to be replaced."""

from fastapi import APIRouter

pages_router = APIRouter()
