"""Markdown for mails: what becomes of it as HTML and as text, and what nasty input doesn't become."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merge_fields import fill_markdown
from gateways.markdown_mail import MarkdownMail

MARKDOWN = MarkdownMail()
ELEMENTS = {"p", "br", "h2", "h3", "em", "strong", "ul", "ol", "li", "blockquote", "hr", "a"}


class Elements(HTMLParser):
    """What a mail program would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def links(self) -> list[str | None]:
        return [attributes.get("href") for tag, attributes in self.found if tag == "a"]


def is_safe(html: str) -> None:
    for tag, attributes in Elements(html).found:
        assert tag in ELEMENTS
        assert set(attributes) <= {"href", "style", "title", "start"}
        href = attributes.get("href")
        assert href is None or href.startswith(("http://", "https://", "mailto:")), href
        assert "url(" not in (attributes.get("style") or "")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Hello **you**,\nnext *line*", "Hello you,\nnext line"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("# Welcome", "Welcome\n-------"),
        ("- a\n- b\n  - c", "- a\n- b\n  - c"),
        ("- a\n\n- b", "- a\n\n- b"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("> a\n> b", "> a\n> b"),
        ("a\n\n---\n\nb", f"a\n\n{'-' * 20}\n\nb"),
        ("[our page](https://a.example/x_y)", "our page (https://a.example/x_y)"),
        ("https://a.example/x_y.", "https://a.example/x_y."),
        ("<https://a.example>", "https://a.example"),
        ("(see https://a.example/q?a=1&b=2)", "(see https://a.example/q?a=1&b=2)"),
        ("<me@a.example> or [me](mailto:me@a.example)", "me@a.example or me (me@a.example)"),
        ("    not code", "not code"),
        ("`not code`", "`not code`"),
        ("5 * 3 * 2 and a_b_c", "5 * 3 * 2 and a_b_c"),
        (r"\*as typed\*", "*as typed*"),
        ("&copy; &amp; <b>bold</b>", "© & <b>bold</b>"),
        ("A title\n---\nmore", f"A title\n\n{'-' * 20}\n\nmore"),
    ],
)
def test_the_plain_text_reads_like_a_mail(written: str, text: str) -> None:
    assert MARKDOWN.write(written).text == text
    assert MARKDOWN.problems(written) == []


def test_the_html_has_the_same_words_and_links() -> None:
    html = MARKDOWN.write(
        "# Hi\n\nHello *you*,\n**see** https://a.example/a_b, [us](https://b.example)\n\n1. x\n2. y"
    ).html
    seen = Elements(html)
    assert [tag for tag, _ in seen.found] == ["h2", "p", "em", "br", "strong", "a", "a", "ol", "li", "li"]
    assert seen.links == ["https://a.example/a_b", "https://b.example"]
    is_safe(html)


NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](\\javascript:alert(1))",
    "[x](vbscript:x) [y](data:text/html;base64,PHNjcmlwdD4=) [z](file:///etc/passwd)",
    "[x](//evil.example) [y](/console) [z](?a=1) [w](#top) [v](https:)",
    '[x](https://a.example" onclick="alert(1))',
    '[x](https://a.example "t\\" onclick=alert(1)")',
    "<javascript:alert(1)>",
    "![x](https://evil.example/track.png)",
    "[![x](https://evil.example/track.png)](https://evil.example)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<!-- x --><style>p{}</style><svg/onload=alert(1)>",
    "\u0000\u202e<b>\u2028",
    "]]>--><iframe src=https://evil.example>",
    '<https://a.example/"><script>alert(1)</script>>',
]


@pytest.mark.parametrize("written", NASTY)
def test_nasty_input_stays_text(written: str) -> None:
    prose = MARKDOWN.write(written)
    is_safe(prose.html)
    assert "alert(1)" not in "".join(
        str(attributes) for _, attributes in Elements(prose.html).found if "on" in attributes
    )


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("[x](javascript:alert(1))", "javascript:alert(1)"),
        ("[x](/relative)", "/relative"),
        ("<tel:123>", "tel:123"),
        ("![x](https://a.example/y.png)", "can't hold pictures"),
    ],
)
def test_what_has_no_place_in_a_mail_is_named(written: str, says: str) -> None:
    (problem,) = MARKDOWN.problems(written)
    assert says in problem


@given(st.text(alphabet="ab <>[]()!*_#->\"'&;:/\\\n\t`~|{}javscript:htp.", max_size=120))
def test_whatever_is_written_is_safe(written: str) -> None:
    is_safe(MARKDOWN.write(written).html)


@given(st.text(max_size=40), st.sampled_from(["Dear {{first_name}},", "# {{first_name}}", "- {{first_name}}"]))
def test_a_name_is_a_name_whatever_it_contains(name: str, around: str) -> None:
    html = MARKDOWN.write(fill_markdown(around, {"first_name": name})).html
    seen = Elements(html)
    assert seen.links == []
    assert {tag for tag, _ in seen.found} <= {"p", "h2", "ul", "li"}
    said = " ".join(name.split())
    if said.isascii() and said.isprintable() and said:
        assert said in seen.words


@pytest.mark.parametrize("part", ["[", "*", "> ", "[a](", "- ", "<", "**a ", "![", "_a", "&", "\\", "https://x."])
def test_a_long_text_takes_no_long_time(part: str) -> None:
    began = time.process_time()
    MARKDOWN.write((part * 20_000)[:20_000])
    assert time.process_time() - began < 2
