"""No page without a walk: the table against the server's own routes."""

from __future__ import annotations

from portal.errors import MACHINES
from tests.meta.test_the_code import routes
from tests.walk.files import FILES
from tests.walk.scene import CASTINGS
from tests.walk.table import CONSOLE, PORTAL, PUBLIC

TABLE = (*PUBLIC, *PORTAL, *CONSOLE)


def pages() -> set[str]:
    return {one.path for one in routes() if "GET" in one.methods and not one.path.startswith(MACHINES)} - FILES


def test_every_page_is_walked() -> None:
    missing = pages() - {visit.route for visit in TABLE}
    assert missing == set(), "add a line to tests/walk/table.py for each"
    assert len(pages()) > 45


def test_what_is_named_in_the_table_exists() -> None:
    invented = {visit.route for visit in TABLE if visit.status != 404} - pages()
    assert invented == set()
    assert {one.path for one in routes()} >= FILES


def test_visits_are_told_apart_and_by_somebody_we_know() -> None:
    names = [str(visit) for visit in TABLE]
    assert len(names) == len(set(names))
    assert {visit.by for visit in TABLE} - set(CASTINGS) == set()
