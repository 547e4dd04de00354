"""Versions as HTTP has them: an ETag in the answer, If-Match in the request, 412 where somebody was quicker."""

from __future__ import annotations

import re

from fastapi.responses import JSONResponse

from web.problems import problem

_NO_VERSION = -1
_ETAG = re.compile(r'^(?:W/)?"?(\d{1,9})"?$', re.ASCII)


def tagged(document: object, version: int) -> JSONResponse:
    return JSONResponse(document, headers={"ETag": f'"{version}"'})


def expected_version(if_match: str | None) -> int | None:
    """The version that has to be in force still; None where any will do, and -1 for a tag that none of ours has."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.match(if_match.strip())
    return int(found.group(1)) if found else _NO_VERSION


def stale(version: object) -> JSONResponse:
    detail = "Somebody else has saved these settings meanwhile. Please look at theirs first."
    return problem("conflict", "This has changed in the meantime", 412, detail, version=version)
