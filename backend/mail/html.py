"""The text of an HTML mail.

Blocks become lines, and what mail programs quote gets "> " before it, so that `quotes` reads plain and HTML mail
alike. Hidden elements, styles, scripts and tracking pixels leave nothing.
"""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

LONGEST_HTML = 2_000_000
MOST_NODES = 200_000
_LONGEST_LINK = 200
_LONGEST_EMOJI = 8
_DEEPEST_QUOTE = 20
_MARKS = {"li": "- ", "hr": "----------\n"}

_DROPPED = frozenset({
    "head", "title", "style", "script", "template", "noscript", "svg", "math", "object", "iframe", "select",
    "button", "meta", "link", "base", "map",
})  # fmt: skip
_BLOCKS = frozenset({
    "address", "article", "aside", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "pre",
    "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip
_SPACED = frozenset({
    "p", "blockquote", "h1", "h2", "h3", "ul", "ol",
})  # fmt: skip
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
# How mail programs mark what they quote, and the line "On … wrote:" above it.
_QUOTING_CLASSES = frozenset({
    "gmail_attr", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote", "tutanota_quote", "zmail_extra",
    "yandex_quote", "mail_quote",
})  # fmt: skip
_QUOTING_IDS = frozenset({"OLK_SRC_BODY_SECTION", "yahoo_quoted", "ms-outlook-mobile-reference-message"})
# Outlook's header block: it and all that follows on its level is the earlier message.
_QUOTE_FOLLOWS = frozenset({"divRplyFwdMsg", "x_divRplyFwdMsg"})

# The parser looks upwards at every opening block, and through all earlier names at every attribute: mail with absurd
# numbers of them is read without it. Both counts are upper bounds that no quoting trick can lower.
_NORMAL_LENGTH = 40_000
_MOST_BLOCKS = 15_000
_MOST_WORDS = 10_000
_OPENING_BLOCK = re.compile(
    r"<(?:address|article|aside|blockquote|center|details|dialog|dir|div|dl|dd|dt|fieldset|fig|footer|h|li|main|menu|nav|ol"
    r"|p|search|section|summary|ul)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\s/>=]+")
_TAG = re.compile(r"<[^<>]*>")

_SPACES = re.compile(r"[ \t\r\n\f\v\u00a0]+")
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff\u034f\u00ad]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def text_of(html: str) -> str:
    """Return the readable text of `html`, with "> " before quoted lines and link targets after their words.

    Only the first LONGEST_HTML characters and MOST_NODES nodes are read; the tree may be of any depth.
    """
    html = html[:LONGEST_HTML]
    if len(html) > _NORMAL_LENGTH and _is_hostile(html):
        return unescape(_EMPTY_LINES.sub("\n\n", _TAG.sub("\n", html))).strip()
    root = LexborHTMLParser(html.encode("utf-8", "replace")).root
    writer = _Writer()
    if root is not None:
        _walk(root, writer)
    return writer.text()


def _is_hostile(html: str) -> bool:
    return len(_OPENING_BLOCK.findall(html)) > _MOST_BLOCKS or len(set(_WORD.findall(html))) > _MOST_WORDS


class _Writer:
    """Collects lines; knows how deep the quote is and whether white space counts."""

    __slots__ = ("_line", "_lines", "depth", "preformatted", "said")

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self.depth = 0
        self.preformatted = 0
        self.said = 0

    def say(self, words: str) -> None:
        """Add inline text; without <pre>, white space folds into one space."""
        self.said += not words.isspace()
        if self.preformatted:
            *whole, last = words.split("\n")
            for line in whole:
                self._line.append(line)
                self.end_line(forced=True)
            self._line.append(last)
        else:
            self._line.append(_SPACES.sub(" ", words))

    def end_line(self, *, forced: bool = False) -> None:
        """End the line if something stands on it, or in any case if `forced` (as <br> does)."""
        line = "".join(self._line)
        line = line.rstrip() if self.preformatted else _SPACES.sub(" ", line).strip()
        self._line.clear()
        if line or forced:
            self._lines.append(f"{self._marks()} {line}".rstrip() if self.depth else line)

    def indent(self, by: int) -> None:
        """Go deeper into the quote, or out of it."""
        self.end_line()
        self.depth += by

    def repeats(self, words: str) -> bool:
        """Whether what was said last stands within `words`, as a link's text may within its target."""
        last = "".join(self._line[-1:]).strip().rstrip("/")
        return bool(last) and last in words

    def end_paragraph(self) -> None:
        """Leave one empty line, unless there is one."""
        self.end_line()
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(self._marks())

    def _marks(self) -> str:
        return ">" * min(self.depth, _DEEPEST_QUOTE)

    def text(self) -> str:
        """All lines, with no more than one empty line between two others."""
        self.end_line()
        text = _INVISIBLE.sub("", "\n".join(self._lines))
        return _EMPTY_LINES.sub("\n\n", text).strip("\n")


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Visit every node in document order, with a list instead of the call stack: mail nests thousands deep."""
    stack: list[_Step] = [_Step(root)]
    for _ in range(MOST_NODES * 2):
        if not stack:
            return
        step = stack.pop()
        node = step.node
        if node is None:
            writer.indent(step.by)
        elif step.is_closing:
            _close(node, writer, is_silent=writer.said == step.said)
        elif node.tag == "-text":
            writer.say(node.text_content or "")
        elif node.tag not in _DROPPED and not node.is_comment_node and not _is_hidden(node):
            _open(node, writer)
            stack.append(_Step(node, is_closing=True, said=writer.said))
            stack += reversed(_children(node))


class _Step(NamedTuple):
    """A node to open or close (`said`: how much had been said when it opened); without a node, a change of depth."""

    node: LexborNode | None
    is_closing: bool = False
    said: int = 0
    by: int = 0


def _children(node: LexborNode) -> list[_Step]:
    """A node's children in order; from Outlook's header block on they are quoted."""
    children: list[_Step] = []
    quoted = 0
    child = node.child
    while child is not None:
        if not quoted and child.tag == "div" and child.id in _QUOTE_FOLLOWS:
            quoted = 1
            children.append(_Step(None, by=1))
        children.append(_Step(child))
        child = child.next
    return [*children, _Step(None, by=-1)] if quoted else children


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return bool(attributes) and ("hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or "")))


def _open(node: LexborNode, writer: _Writer) -> None:
    tag = node.tag
    if tag == "br":
        writer.end_line(forced=True)
    elif tag in _SPACED:
        writer.end_paragraph()
    elif tag in _BLOCKS:
        writer.end_line()
    if tag == "pre":
        writer.preformatted += 1
    elif words := _emoji(node) if tag == "img" else _MARKS.get(tag or "", ""):
        writer.say(words)
    if _is_quote(node):
        writer.indent(1)


def _close(node: LexborNode, writer: _Writer, *, is_silent: bool) -> None:
    tag = node.tag
    if tag == "a" and not is_silent:
        _say_target(node, writer)
    elif tag in {"td", "th"}:
        writer.say(" ")
    elif tag in _BLOCKS or tag in _SPACED:
        writer.end_line()
    if tag == "pre":
        writer.preformatted -= 1
    if _is_quote(node):
        writer.indent(-1)
    if tag in _SPACED:
        writer.end_paragraph()


def _is_quote(node: LexborNode) -> bool:
    if node.tag == "blockquote":
        return True
    attributes = node.attributes
    if not attributes:
        return False
    classes = attributes.get("class") or ""
    return attributes.get("id") in _QUOTING_IDS or not _QUOTING_CLASSES.isdisjoint(classes.split())


def _emoji(image: LexborNode) -> str:
    """Gmail and Outlook send emoji as pictures; any other picture says nothing, and a tracking pixel less."""
    alt = image.attributes.get("alt") or ""
    return alt if len(alt) <= _LONGEST_EMOJI and not alt.isascii() else ""


def _say_target(link: LexborNode, writer: _Writer) -> None:
    """Where a link leads, unless its words say so already."""
    href = (link.attributes.get("href") or "").strip()
    if href.startswith(("http://", "https://")) and len(href) <= _LONGEST_LINK and not writer.repeats(href):
        writer.say(f" <{href}>")
