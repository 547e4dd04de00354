"""Where a page may send somebody, and the names of its inputs."""

from __future__ import annotations

import pytest

from portal.paths import identifier, local_path, with_query


@pytest.mark.parametrize("path", ["/portal", "/portal/book?from=2026-12-01", "/console/clients/cli_x"])
def test_a_page_of_our_own_is_kept(path: str) -> None:
    assert local_path(path, "/portal") == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "portal",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/portal",
        "javascript:alert(1)",
        "/portal\r\nSet-Cookie: a=b",
        "/" + "x" * 600,
    ],
)
def test_nobody_is_sent_elsewhere(path: str | None) -> None:
    assert local_path(path, "/portal") == "/portal"


def test_ids_of_inputs_are_unique_and_plain() -> None:
    names = ["custom.pets", "custom_pets", "custom pets", "reason--other"]
    ids = {identifier(name) for name in names}
    assert len(ids) == len(names)
    assert not any(character in one for one in ids for character in ". \"'")


def test_a_query_leaves_out_what_is_not_given() -> None:
    assert with_query("/portal", client=None) == "/portal"
    assert with_query("/portal", client="cli_x", done="draft") == "/portal?client=cli_x&done=draft"
