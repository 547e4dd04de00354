"""Lists of new clients as people keep them: what is read, and what is said of the rest."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.client_list import (
    LARGEST_LIST,
    MOST_ROWS,
    ClientList,
    Entry,
    read_list,
    repeats,
    text_of,
)
from domain.duplicates import Person
from domain.errors import ValidationFailed

HEADER = "First name,Last name,Email\n"
ANA = {"first_name": "Ana", "last_name": "Example", "email": "ana@example.com"}
# Cells that mean themselves: no blanks around them, nothing that a spreadsheet would calculate.
CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12).filter(
    lambda cell: cell[0] not in "=+-@'\ufffd" and "\ufffd" not in cell and not cell.startswith("sep=")
)


def only_row(listed: ClientList) -> dict[str, object]:
    (row,) = listed.rows
    assert row.errors == {}
    return {name: value for name, value in row.values.items() if value != ""}


def refused(content: str | bytes) -> str:
    with pytest.raises(ValidationFailed) as refusal:
        read_list(text_of(content) if isinstance(content, bytes) else content)
    (error,) = refusal.value.errors
    assert error.field == "list"
    return error.message


@pytest.mark.parametrize(
    "text",
    [
        "Ana,Example,ana@example.com",
        "Ana;Example;ana@example.com;;\n",
        "Ana\tExample\tana@example.com\n",
        "\n\n Ana , Example , ana@example.com \n\n",
        "Email;Name;First name;Date of birth\nana@example.com;Example;Ana;1990-01-01",
        "sep=;\r\nLAST NAME;E-Mail;FIRST_NAME\r\nExample;ana@example.com;Ana\r\n",
        '"Ana","Example","ana@example.com"\r',
    ],
)
def test_separators_headers_and_line_ends_are_found_out(text: str) -> None:
    assert only_row(read_list(text)) == ANA


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_letters_survive_what_a_spreadsheet_saves(encoding: str) -> None:
    listed = read_list(text_of("José,Müller,jose@example.com".encode(encoding)))
    assert only_row(listed) == {"first_name": "José", "last_name": "Müller", "email": "jose@example.com"}


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8), st.sampled_from(",;\t"))
def test_what_a_table_writes_is_read_again(people: list[tuple[str, str, str]], separator: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows([("First name", "Last name", "Email"), *people])
    rows = read_list(text_of(file.getvalue().encode("utf-8-sig"))).rows
    assert [tuple(row.values.values()) for row in rows] == people
    assert [row.number for row in rows] == list(range(2, len(people) + 2))


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")))
def test_whatever_is_sent_is_read_or_refused(content: bytes) -> None:
    try:
        assert read_list(text_of(content)).rows
    except ValidationFailed as refusal:
        assert [error.field for error in refusal.errors] == ["list"]


def test_columns_that_say_nothing_here_are_named() -> None:
    listed = read_list("First name,Last name,Email,Diagnosis,,Notes\nAna,Example,ana@example.com,secret,,x\n")
    assert listed.unused == ("Diagnosis", "Notes")
    assert only_row(listed) == ANA


def test_what_a_spreadsheet_would_calculate_is_refused_by_row_and_field() -> None:
    text = HEADER + '=HYPERLINK("x"),Example,a@example.com\nAna,@SUM(A1),a@example.com\nAna,-2+3,a@example.com\n'
    rows = read_list(text.replace('"', '""').replace('=HYPERLINK(""x"")', '"=HYPERLINK(""x"")"')).rows
    assert [sorted(row.errors) for row in rows] == [["first_name"], ["last_name"], ["last_name"]]


def test_digits_kept_as_text_are_digits() -> None:
    row = read_list('Ana,Example,ana@example.com,\'+12125550123,"=""0042"""').rows[0]
    assert (row.values["phone"], row.values["external_id"], row.errors) == ("+12125550123", "0042", {})


def test_a_cell_too_many_is_said_and_a_missing_one_is_empty() -> None:
    rows = read_list("Ana,Example,ana@example.com,1,2,Main Street, 5\nBen,Example\n").rows
    assert [sorted(row.errors) for row in rows] == [["row"], []]
    assert rows[1].values["email"] == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        (" ;;\n\t", "empty"),
        (HEADER, "nothing below"),
        ("First name,Phone\nAna,1", "last name, email"),
        ("Email,First name,Last name,Mail\n", "two columns for: email"),
        ('Ana,"Example,ana@example.com', "quotation mark"),
        (HEADER + "Ana,Example,ana@example.com\n" * (MOST_ROWS + 1), f"At most {MOST_ROWS}"),
        (b"a" * (LARGEST_LIST + 1), "too large"),
        ("é" * LARGEST_LIST, "too large"),
        (b"PK\x03\x04 a workbook", "spreadsheet"),
        (HEADER.encode() + b"Ana\x81,Example,ana@example.com", "letters"),
        (b"Ana\0,Example,ana@example.com", "letters"),
    ],
)
def test_what_cant_be_read_says_why(content: str | bytes, said: str) -> None:
    assert said in refused(content)


def person(number: int, first: str, email: str, external_id: str | None = None) -> Entry:
    return Entry(
        number=number, person=Person(first_name=first, last_name="Example", email=email), external_id=external_id
    )


def test_the_same_person_twice_is_the_later_row_and_a_family_isnt() -> None:
    entries = [
        person(2, "Ana", "a@example.com"),
        person(3, "ANA", "a@example.com"),  # the same name at the same address
        person(4, "Kit", "a@example.com"),  # a family
        person(5, "Ana", "b@example.com", "1001"),
        person(6, "Anna", "c@example.com", "1001"),  # the practice's own number
        person(7, "ana", "a@example.com"),
    ]
    assert repeats(entries) == {3: 2, 6: 5, 7: 2}
