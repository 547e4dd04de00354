"""Markdown as it goes into mails (markdown-it-py): a small, safe subset, written as HTML and as plain text.

Paragraphs and line breaks, headings, emphasis, lists, quotations, rules and links. HTML that somebody types is text;
pictures belong to the attachments.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from domain.prose import Prose

_RULES = ["heading", "list", "blockquote", "hr", "newline", "escape", "emphasis", "link", "autolink", "entity"]
_SCHEMES = ("http", "https", "mailto")
# Addresses as people paste them; not where they are a link already, nor what follows them in a sentence.
_BARE = re.compile(r"(?<![\w<(\"'\[\]=/\\])https?://[^\s<>()\[\]\"']*[^\s<>()\[\]\"'.,;:!?*_]")
_PICTURE = re.compile(r"(?<!\\)!\[")
# Mail programs read no style sheets.
_STYLES = {
    "p": "margin:0 0 16px",
    "h2": "margin:8px 0 12px;font-size:20px;line-height:1.3",
    "h3": "margin:8px 0 8px;font-size:17px;line-height:1.3",
    "ul": "margin:0 0 16px;padding-left:24px",
    "ol": "margin:0 0 16px;padding-left:24px",
    "li": "margin:0 0 6px",
    "blockquote": "margin:0 0 16px;padding-left:14px;border-left:3px solid #d9d2c7;color:#5d6b73",
    "hr": "border:0;border-top:1px solid #d9d2c7;margin:24px 0",
    "a": "color:#1f5f5b",
}


class MarkdownMail:
    """Parsed anew for each text: the parser keeps nothing."""

    def problems(self, text: str) -> list[str]:
        """What has no place in a mail, in sentences for the person who wrote it; empty when all is well."""
        parser = _Parser()
        parser.parse(_linked(text))
        found = [
            f"has a link that can't be followed: “{link[:60]}” (they begin with https://, http:// or mailto:)"
            for link in dict.fromkeys(parser.refused)
        ]
        if _PICTURE.search(text):
            found.append("can't hold pictures; please attach them")
        return found

    def write(self, text: str) -> Prose:
        parser = _Parser()
        tokens = parser.parse(_linked(text))
        _dress(tokens)
        html = parser.renderer.render(tokens, parser.options, {})
        return Prose(html=html.strip(), text="\n\n".join(_blocks(SyntaxTreeNode(tokens).children)))


class _Parser(MarkdownIt):
    """`refused` are the addresses that no link may have: such a link stays as it was typed."""

    def __init__(self) -> None:
        super().__init__("zero", {"html": False, "breaks": True})
        self.enable(_RULES)
        self.refused: list[str] = []

    def validateLink(self, url: str) -> bool:  # noqa: N802, the library's name
        try:
            parts = urlsplit(url)
            fine = parts.scheme in _SCHEMES and bool(parts.path if parts.scheme == "mailto" else parts.hostname)
        except ValueError:
            fine = False
        if not fine:
            self.refused.append(url)
        return fine


def _linked(text: str) -> str:
    return _BARE.sub(lambda match: f"<{match[0]}>", text.replace("\r\n", "\n"))


def _dress(tokens: Sequence[Token]) -> None:
    """A style for each element. The mail's own heading comes first: what is written begins at the second level."""
    for token in tokens:
        if token.tag in ("h1", "h2"):
            token.tag = "h2"
        elif token.tag.startswith("h") and token.tag[1:].isdigit():
            token.tag = "h3"
        if token.nesting >= 0 and token.tag in _STYLES:
            token.attrSet("style", _STYLES[token.tag])
        _dress(token.children or ())


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> list[str]:
    """Each block as its lines."""
    return [block for node in nodes if (block := _block(node))]


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "heading":
            words = _inline(node.children)
            return f"{words}\n{'-' * min(len(words), 60)}" if words else ""
        case "bullet_list":
            return _listed(node, ["- "] * len(node.children))
        case "ordered_list":
            first = int(node.attrs.get("start", 1))
            return _listed(node, [f"{first + number}. " for number in range(len(node.children))])
        case "blockquote":
            return _indented("\n\n".join(_blocks(node.children)), "> ", "> ")
        case "hr":
            return "-" * 20
        case _:
            return _inline(node.children)


def _listed(node: SyntaxTreeNode, marks: Sequence[str]) -> str:
    tight = all(
        paragraph.hidden for item in node.children for paragraph in item.children if paragraph.type == "paragraph"
    )
    gap = "\n" if tight else "\n\n"
    items = [
        _indented(gap.join(_blocks(item.children)), mark, " " * len(mark))
        for item, mark in zip(node.children, marks, strict=True)
    ]
    return gap.join(items)


def _indented(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join((f"{first if number == 0 else others}{line}").rstrip() for number, line in enumerate(lines))


def _inline(nodes: Sequence[SyntaxTreeNode]) -> str:
    return "".join(_words(node) for node in nodes)


def _words(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text":
            return node.content
        case "softbreak" | "hardbreak":
            return "\n"
        case "link":
            return _link(_inline(node.children), str(node.attrs.get("href", "")))
        case _:
            return _inline(node.children)


def _link(words: str, address: str) -> str:
    """The address behind the words, where they don't say it themselves."""
    shown = address.removeprefix("mailto:")
    return words if words in (address, shown) else f"{words} ({shown})".strip()
