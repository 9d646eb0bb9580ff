"""A browser without scripts: it fills in a page's form as it stands, and presses a button."""

from __future__ import annotations

from dataclasses import dataclass

from flask.testing import FlaskClient
from selectolax.lexbor import LexborHTMLParser, LexborNode
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse


@dataclass
class Form:
    """A form of a page with what stands in it; `press` sends it."""

    client: FlaskClient
    action: str
    fields: MultiDict[str, str]

    def press(self, do: str, **changes: str) -> TestResponse:
        """Press a button; names in `changes` have two underscores for a point. None of them ticks a box off."""
        sent = self.fields.copy()
        for name, value in changes.items():
            sent[name.replace("__", ".")] = value
        sent["do"] = do
        return self.client.post(self.action, data=sent, follow_redirects=True)


def form_on(client: FlaskClient, answer: TestResponse, css: str = "form.editor") -> Form:
    """The form of a page as a browser would send it."""
    tree = LexborHTMLParser(answer.text)
    form = tree.css_first(css)
    assert form is not None, answer.text
    fields: MultiDict[str, str] = MultiDict()
    for node in form.css("input, textarea, select"):
        name = node.attributes.get("name") or ""
        for value in _values(node) if name else ():
            fields.add(name, value)
    return Form(client, form.attributes.get("action") or answer.request.path, fields)


def _values(node: LexborNode) -> list[str]:
    if node.tag == "textarea":
        return [node.text().removeprefix("\n")]
    if node.tag == "select":
        options = node.css("option")
        chosen = [option for option in options if "selected" in option.attributes] or options[:1]
        return [option.attributes.get("value") or "" for option in chosen]
    is_off = node.attributes.get("type") in {"checkbox", "radio"} and "checked" not in node.attributes
    return [] if is_off else [node.attributes.get("value") or "on"] if node.attributes.get("type") == "checkbox" else [
        node.attributes.get("value") or ""
    ]  # fmt: skip


def words_of(answer: TestResponse) -> str:
    """What a page says, on one line."""
    tree = LexborHTMLParser(answer.text)
    main = tree.css_first("main")
    assert main is not None, answer.text
    return " ".join(main.text(separator=" ").split())
