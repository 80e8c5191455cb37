"""Conversations as files: whole, escaped, and quiet."""

import html
import json
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from chatapp.backend.store import BegunTurn, Store
from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.store.merging import add_all
from chatapp.backend.transfer.exporters import Exports
from chatapp.errors import NotFoundError
from chatapp.protocol.messages import AttachmentPart, TextPart, ToolCallPart, ToolResultPart
from support.imported import exported
from support.saved_turns import finish_turn

Ask = Callable[..., BegunTurn]

NASTY = '<script>alert(1)</script> <img src=http://evil/x> & "quotes" {braces} </title>'


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_json_holds_every_branch(ask: Ask, store: Store) -> None:
    first = ask("One?", "1", system="Be brief.", model="large")
    ask(None, "uno", conversation_id=first.conversation_id)
    told = json.loads(exported(store, first.conversation_id, "json"))
    (conversation,) = told["conversations"]
    assert (told["format"], told["version"]) == ("chatapp", 2)
    assert (conversation["title"], conversation["system"], conversation["model"]) == ("One?", "Be brief.", "large")
    assert [(message["content"], message["parent_id"]) for message in conversation["messages"]] == [
        ("One?", None),
        ("1", first.user_message_id),
        ("uno", first.user_message_id),
    ]
    assert conversation["messages"][0]["parts"] == [{"type": "text", "text": "One?"}]
    assert '"owner"' not in json.dumps(told)


def test_markdown_holds_the_branch_on_show(ask: Ask, store: Store) -> None:
    first = ask("One?", "**1**", model="large")
    ask(None, "uno", conversation_id=first.conversation_id)
    shown = exported(store, first.conversation_id, "md")
    other = exported(store, first.conversation_id, "md", branch=first.answer_message_id)
    assert shown.startswith("# One?\n\n## You, 2")
    assert "uno" in shown
    assert "**1**" not in shown
    assert "**1**" in other


def test_answer_that_is_not_whole_says_so(begin: Ask, store: Store) -> None:
    begun = begin("One?")
    finish_turn(store, begun.turn_id, status="stopped", text="Half an", segments=[])
    assert "This answer was stopped." in exported(store, begun.conversation_id, "md")


@pytest.mark.parametrize("as_format", ["md", "html"])
def test_export_says_why_an_answer_failed_and_what_was_left_out(begin: Ask, store: Store, as_format: str) -> None:
    begun = begin("One?")
    told = [["start", 1], ["notice", 1, "context_trimmed", "3 earlier messages were left out."]]
    error = {"code": "upstream_timeout", "detail": "the model fell silent."}
    finish_turn(store, begun.turn_id, status="failed", text="Half", segments=told, error=error)
    content = exported(store, begun.conversation_id, as_format)
    assert "3 earlier messages were left out." in content
    assert "This answer failed. The model fell silent." in content


@pytest.mark.parametrize("as_format", ["md", "html"])
def test_reader_learns_what_is_there_beside_the_text(store: Store, as_format: str) -> None:
    parts = (
        TextPart("Look."),
        AttachmentPart("a\n<b>.pdf"),
        ToolCallPart("c", "tide", "{}"),
        ToolResultPart("c", "up"),
    )
    said = ImportedMessage(id="m", parent_id=None, role="user", content="", parts=parts)
    with store.database.write() as connection:
        add_all(
            connection, [(ImportedConversation(source="test", id="x", title="X", messages=[said]), None)], owner="ada"
        )
    (made,) = store.conversations.page(owner="ada").items
    content = html.unescape(exported(store, made.id, as_format))
    assert all(told in content for told in ["Attachment: a <b>.pdf", "Tool called: tide", "Tool answered: up"])


def test_html_loads_and_runs_nothing(ask: Ask, store: Store) -> None:
    begun = ask(NASTY, f"{NASTY}\n```html\n{NASTY}\n```\nend", system=NASTY, model=NASTY)
    page = Tags(exported(store, begun.conversation_id, "html"))
    names = {tag for tag, _ in page.seen}
    assert not names & {"script", "img", "link", "iframe", "a", "object"}
    assert not {name for _, attributes in page.seen for name in attributes} & {"src", "href", "onload", "style"}
    assert page.text.count("<script>alert(1)</script>") == 7


def test_html_brings_the_sheet_for_what_formulas_leave_to_one(ask: Ask, store: Store) -> None:
    begun = ask("One?", r"$\boxed{x}$")
    assert 'menclose[notation="box"] {' in exported(store, begun.conversation_id, "html")


def test_html_shows_fenced_code_in_boxes_and_colours(ask: Ask, store: Store) -> None:
    begun = ask("One?", "before\n```python\nif a < b:\n    pass\n```\nafter")
    content = exported(store, begun.conversation_id, "html")
    if_, pass_ = ('<span class="k">if</span>', '<span class="k">pass</span>')
    assert f"<pre><code>{if_} a &lt; b:\n    {pass_}\n</code></pre>" in content


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Häagen & Co: a/b\r\n.", "haagen-co-a-b-"),
        ("天空", "conversation-"),
        (None, "conversation-"),
        ("x" * 99, "x" * 50 + "-"),
    ],
)
def test_file_name_is_safe_everywhere(store: Store, title: str | None, name: str) -> None:
    made = store.conversations.create(owner="ada", title=title)
    file = Exports(store.conversations, store.messages, store.attachments).file(made.id, owner="ada", as_format="md")
    assert file.name == f"{name}{made.created_at:%Y-%m-%d}.md"


def test_conversation_of_somebody_else_is_not_exported(ask: Ask, store: Store) -> None:
    with pytest.raises(NotFoundError):
        exported(store, ask().conversation_id, "json", owner="bob")
