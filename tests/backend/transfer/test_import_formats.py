"""Which program a file is of: those that are read, and those that are named."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.store import Store
from chatapp.backend.transfer.importers import Imports
from chatapp.backend.transfer.importers.budget import ImportBudget
from chatapp.backend.transfer.importers.files import ExportReader
from chatapp.backend.transfer.importers.json_values import Fingerprints
from chatapp.backend.transfer.importers.pieces import Unknown
from chatapp.errors import InvalidRequestError
from support.foreign_exports import chatgpt
from support.imported import Bring, Json, said
from support.loose_messages import CHERRY_STUDIO


def zip_of(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def of_cherry_studio(*topics: Json) -> Json:
    """Return a backup of one topic, with others around it."""
    stores = CHERRY_STUDIO["indexedDB"]
    first, *more = topics
    return {**CHERRY_STUDIO, "indexedDB": {**stores, "topics": [first, *stores["topics"], *more]}}


def of_claude_code(session: str) -> Json:
    """Return a line of a session, in which something is asked."""
    message = {"role": "user", "content": "Why?"}
    return {
        "sessionId": session,
        "uuid": session,
        "parentUuid": None,
        "isSidechain": False,
        "type": "user",
        "message": message,
    }


SAID = [{"id": "9", "role": "user", "content": "Who?"}]
TAR = b"chats.json" + bytes(247) + b"ustar\0"
UNKNOWN: dict[str, tuple[Any, str]] = {
    "nothing": ([], "no export"),
    "any list": ([{"a": 1}], "no export"),
    "Claude's account": ([{"uuid": "u", "full_name": "A", "email_address": "a@b.c"}], "Claude's account"),
    "Character.AI": (
        b'{"info": {"character": {}}, "histories": {"histories": [{"msgs": []}]}}',
        "chats of Character.AI",
    ),
    "Perplexity's answers": (
        b'{"metadata": {"thread_id": "t"}, "conversations": [{"uuid": "u", "query": "Why?", "answer": "So."}]}',
        "an answer of Perplexity without its thread",
    ),
    "Claude's projects": ([{"uuid": "u", "name": " ", "prompt_template": ""}], "Claude's projects"),
    "Claude's memories": ([{"conversations_memory": "x"}], "Claude's memories"),
    "big-AGI": ({"conversations": [{"messages": [], "systemPurposeId": "x"}]}, "big-AGI"),
    "JSONL of OpenAI": ({"messages": [{"role": "user", "content": "x"}]}, "training data"),
    "messages of nobody": ({"messages": []}, "no export"),
    "ShareGPT": ([{"id": "x", "conversations": [{"from": "human", "value": "x"}]}], "training data"),
    "Claude Code": ({"parentUuid": None, "sessionId": "s", "type": "user", "message": {}}, "a session of Claude Code"),
    "Codex": ({"timestamp": "t", "type": "session_meta", "payload": {}}, "a session of Codex"),
    "AI Studio": ({"runSettings": {}, "chunkedPrompt": {"chunks": []}}, "a prompt of Google AI Studio"),
    "a thread of no kind": ([{"object": []}], "no export"),
    "bzip2": (bz2.compress(b"[]"), "packed by bzip2: unpack it first"),
    "xz": (lzma.compress(b"[]"), "packed by xz: unpack it first"),
    "a tar": (TAR, "a tar archive: make a zip of what is in it"),
    "a packed tar": (gzip.compress(TAR), "a tar archive: make a zip of what is in it"),
    "a zip of zips": (zip_of("conversations.zip", zip_of("conversations.json", b"[]")), "a zip of zips: unpack it"),
    "a web page": (b"<!doctype html><html>", "a web page"),
    "a web page of another kind": (b"<!doctype html><p>Of Gemini.", "a web page: ChatGPT's chat.html"),
    "a zip of web pages": (zip_of("Takeout/MyActivity.html", b"<html>"), "a web page"),
    "half a zip": (zip_of("conversations.json", b"[]" * 99)[:80], "a zip that is damaged, or a part of one"),
    "a document of Word": (zip_of("[Content_Types].xml", b"<"), "a document of an office program"),
    "a zip of pictures": (zip_of("a.png", b""), "a zip without JSON"),
    "nothing at all": (b"", "it is empty"),
    "a zip of nothing": (zip_of("conversations.json", b" "), "it is empty"),
    "a video": (b"\0\0\0\x18ftypmp42", "a picture or a recording"),
    "text": (b"Hello there", "it is no JSON"),
    "text in braces": (b"{'a': 1}", r"cannot be read \(it is no JSON\)"),
    "a half": (b'[{"mapping": {"a', r"cannot be read \(it ends in the middle\)"),
    "Chatbot UI": ({"version": 4, "history": [], "folders": []}, "an export of Chatbot UI"),
    "TypingMind": ({"data": {"chats": []}}, "an export of TypingMind"),
    "Copilot": ({"requests": [], "responderUsername": "GitHub Copilot"}, "a chat of Copilot in VS Code"),
    "Continue": ({"sessionId": "s", "history": []}, "a session of Continue"),
    "Gemini CLI": ({"sessionId": "s", "projectHash": "h"}, "a session of Gemini CLI"),
    "prompts of Claude Code": (
        {"display": "Why?", "pastedContents": {}, "project": "/"},
        "Claude Code's list of prompts",
    ),
    "prompts of Codex": ({"session_id": "s", "ts": 1, "text": "Why?"}, "Codex's list of prompts"),
    "what Codex prints": ({"type": "thread.started", "thread_id": "t"}, "what Codex prints"),
    "early Codex": ({"id": "x", "timestamp": "t", "instructions": None, "git": {}}, "a session of an early Codex"),
    "HuggingChat": ({"title": "T", "model": "m", "messages": [{"from": "user", "content": ""}]}, "HuggingChat"),
    "Microsoft Copilot": (b"\xef\xbb\xbfConversation,Time,Author,Message\r\n", "the table that Microsoft Copilot"),
    "aider": (b"\n# aider chat started at 2026-11-29\n", "a history of aider"),
    "activities of Gemini": (
        [{"header": "Gemini Apps", "title": "Used a feature", "products": ["Gemini Apps"]}],
        "a list in which nothing was asked",
    ),
    "bare messages": ([{"role": "user", "content": "x"}], "messages without a conversation"),
}


@pytest.mark.parametrize(("document", "what"), UNKNOWN.values(), ids=UNKNOWN)
def test_file_of_another_kind_is_refused_by_its_name(bring: Bring, document: Any, what: str) -> None:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(InvalidRequestError, match=what):
        bring(content)


class TestZip:
    def test_what_is_beside_the_conversations_is_passed_over(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("conversations.json", json.dumps([chatgpt()]))
            archive.writestr("__MACOSX/._conversations.json", b"\0\5\26\7")
            shared = [{"id": "s", "conversation_id": "z", "title": "T", "is_anonymous": True}]
            archive.writestr("shared_conversations.json", json.dumps(shared))
            archive.writestr("Thumbs.db", b"\xd0\xcf\x11\xe0")
            archive.writestr("message_feedback.json", json.dumps([{"id": "f", "rating": "up"}]))
        receipt = Imports(store.database).read(path, owner="ada")
        assert (receipt.conversations_read, [line.what for line in receipt.skipped]) == (1, ["Whales"])

    def test_files_of_any_name_are_tried(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "mine.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("Whales-2026-01-01.json", json.dumps({"conversations": [chatgpt("a")]}))
            archive.writestr("Whales-2026-01-02.json", json.dumps(chatgpt("b")))
            archive.writestr("package.json", json.dumps({"name": "x"}))
        assert Imports(store.database).read(path, owner="ada").conversations_added == 2

    @pytest.mark.parametrize("content", ['{"x": 1}', '[{"x": 1}, {broken', "{broken"])
    def test_a_file_that_was_only_tried_is_named_once(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "mine.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("package.json", content)
        pieces = ExportReader(ImportBudget(), Fingerprints()).file(path)
        assert [*pieces] == [Unknown("package.json", is_file=True, is_tried=True)]

    @pytest.mark.parametrize(
        ("backup", "skipped"),
        [
            (of_cherry_studio({"id": "e", "messages": []}, {"id": "u", "messages": SAID}), []),
            ([chatgpt("a"), {"x": 1}, chatgpt("b")], ["data.json, number 2"]),
            ([of_claude_code("a"), {"x": 1}, of_claude_code("b")], ["data.json, number 2"]),
            ([{"x": 1}, of_claude_code("a"), of_claude_code("b")], ["data.json, number 1"]),
        ],
        ids=["a topic without a message", "something unknown", "an unknown line of a session", "its first line"],
    )
    def test_what_follows_is_read_too(self, store: Store, tmp_path: Path, backup: Any, skipped: list[str]) -> None:
        path = tmp_path / "backup.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.json", json.dumps(backup))
        receipt = Imports(store.database).read(path, owner="ada")
        unknown = [line.what for line in receipt.skipped if line.why == "it is no conversation that we know"]
        assert (receipt.conversations_added, unknown) == (2, skipped)

    @pytest.mark.parametrize("at", range(0, 900, 60))
    def test_damaged_one_is_told_or_read_as_far_as_it_goes(self, store: Store, tmp_path: Path, at: int) -> None:
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("conversations.json", json.dumps([chatgpt(str(number)) for number in range(20)]))
        content = bytearray(path.read_bytes())
        content[at % len(content)] ^= 0x55
        path.write_bytes(content)
        with suppress(InvalidRequestError):
            assert Imports(store.database).read(path, owner="ada").conversations_read <= 20


class TestOtherPrograms:
    def test_deepseek(self, store: Store, bring: Bring) -> None:
        def node(node_id: str, parent: str | None, *fragments: tuple[str, str]) -> Json:
            told = [{"type": kind, "content": text} for kind, text in fragments]
            message = {
                "model": "deepseek-chat",
                "files": [],
                "inserted_at": "2026-02-01T10:00:00+08:00",
                "fragments": told,
            }
            return {"id": node_id, "parent": parent, "message": message if fragments else None}

        nodes = [
            node("root", None),
            node("1", "root", ("REQUEST", "?")),
            node("2", "1", ("THINK", "Hm."), ("SEARCH", "x"), ("RESPONSE", "!")),
        ]
        theirs = {
            "id": "d",
            "title": "D",
            "inserted_at": "2026-02-01T10:00:00+08:00",
            "mapping": {n["id"]: n for n in nodes},
        }
        receipt = bring(theirs)
        assert (receipt.sources, said(store)) == (["deepseek"], [("user", "?"), ("assistant", "!")])

    def test_lm_studio(self, store: Store, bring: Bring) -> None:
        def text(words: str, **fields: Any) -> Json:
            return {"content": [{"type": "text", "text": words}], **fields}

        steps = [text("Hm.", type="contentBlock", style={"type": "thinking"}), text("Hello!", type="contentBlock")]
        answers = [{"type": "multiStep", "role": "assistant", "steps": steps}, text("Hi!", role="assistant")]
        theirs = {
            "name": "My chat",
            "createdAt": 1_780_000_000_000,
            "pinned": True,
            "systemPrompt": "Be brief.",
            "lastUsedModel": {"identifier": "gpt-oss-20b"},
            "messages": [
                {"versions": [text("Hi", type="singleStep", role="user")], "currentlySelected": 0},
                {"versions": answers, "currentlySelected": 0},
                {"versions": [text("Bye", role="user")], "currentlySelected": 0},
            ],
        }
        bring(json.dumps(theirs).encode())
        (conversation,) = store.conversations.page(owner="ada").items
        assert (conversation.title, conversation.pinned, conversation.system) == ("My chat", True, "Be brief.")
        assert said(store) == [("user", "Hi"), ("assistant", "Hello!"), ("user", "Bye")]
        assert len(store.messages.all(conversation.id, owner="ada")) == 4

    @pytest.mark.parametrize("is_tree", [False, True])
    def test_librechat(self, store: Store, bring: Bring, is_tree: bool) -> None:
        question = {"messageId": "q", "parentMessageId": None, "isCreatedByUser": True, "text": "Hi"}
        content = [{"type": "think", "think": "Hm."}, {"type": "text", "text": {"value": "Hello"}}]
        answer = {"messageId": "a", "parentMessageId": "q", "isCreatedByUser": False, "content": content, "model": "m"}
        messages = [{**question, "children": [answer]}] if is_tree else [question, answer]
        theirs = {"conversationId": "l", "title": "L", ("messagesTree" if is_tree else "messages"): messages}
        bring(json.dumps(theirs).encode())
        assert said(store) == [("user", "Hi"), ("assistant", "Hello")]

    def test_grok(self, store: Store, bring: Bring) -> None:
        def response(name: str, parent: str | None, sender: str, message: str) -> Json:
            when = {"$date": {"$numberLong": "1780000000000"}}
            about = {
                "_id": name,
                "parent_response_id": parent,
                "sender": sender,
                "message": message,
                "create_time": when,
            }
            return {"response": about}

        responses = [response("1", None, "human", "Hi"), response("2", "1", "ASSISTANT", "Hello")]
        about = {"id": "g", "title": "G", "create_time": "2026-05-28T20:26:40Z", "starred": True}
        bring(json.dumps({"conversations": [{"conversation": about, "responses": responses}], "projects": []}).encode())
        assert said(store) == [("user", "Hi"), ("assistant", "Hello")]

    def test_perplexity_s_data(self, store: Store, bring: Bring) -> None:
        asked = {"query": "Why tides?", "answer": "The moon.[1]", "created_at": "2026-01-02T03:04:05.5Z"}
        cut = {"query": "And?", "answer": "The", "created_at": "2026-01-02T03:05:05Z", "query_status": "FAILED"}
        thread = {"context_title": "Tides", "created_at": "2026-01-02T03:04:05Z", "collection_uuid": "k"}
        broken = {"context_title": "Nothing", "entries": "x"}
        told = {"conversations": [broken, {**thread, "context_uuid": "c", "entries": [asked, cut]}]}

        receipts = [bring(json.dumps(told).encode()) for _ in range(2)]

        assert said(store) == [
            ("user", "Why tides?"),
            ("assistant", "The moon.[1]"),
            ("user", "And?"),
            ("assistant", "The"),
        ]
        assert [it.messages_added for it in receipts] == [4, 0]
        assert [it.why for it in receipts[0].skipped] == [
            "it is no conversation that we know",
            "the project, folder or tag it was in",
        ]
        (conversation,) = store.conversations.page(owner="ada").items
        assert (conversation.title, f"{conversation.updated_at:%H:%M:%S}") == ("Tides", "03:05:05")
        assert [it.status for it in store.messages.all(conversation.id, owner="ada")][1::2] == [
            "complete",
            "interrupted",
        ]

    def test_a_thread_as_perplexity_s_page_loads_it(self, store: Store, bring: Bring) -> None:
        about = {"context_uuid": "t", "thread_title": "Old", "display_model": "turbo"}
        blocks = [{"intended_usage": "sources"}, {"markdown_block": {"chunks": ["There", "fore."]}}]
        first = {"backend_uuid": "1", **about, "query_str": "Why?", "blocks": blocks, "query_status": {}}
        second = {"uuid": "2", **about, "query_str": "And?", "blocks": [{"markdown_block": {"answer": "So."}}]}
        bring(json.dumps({"entries": [first, second], "thread_metadata": {"title": "New"}}).encode())
        assert said(store) == [("user", "Why?"), ("assistant", "Therefore."), ("user", "And?"), ("assistant", "So.")]
        (conversation,) = store.conversations.page(owner="ada").items
        assert conversation.title == "New"
        assert store.messages.all(conversation.id, owner="ada")[1].model == "turbo"

    def test_le_chat(self, store: Store, bring: Bring) -> None:
        def message(number: int, role: str, content: str) -> Json:
            when = f"2026-05-28T20:26:4{number}Z"
            return {"id": f"m{number}", "chatId": "c", "role": role, "content": content, "createdAt": when}

        chunks = [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
            {"type": "text", "text": "Hello"},
        ]
        bring([{**message(1, "assistant", ""), "contentChunks": chunks}, message(0, "user", "Hi")])
        (conversation,) = store.conversations.page(owner="ada").items
        assert said(store) == [("user", "Hi"), ("assistant", "Hello")]
        assert store.messages.all(conversation.id, owner="ada")[1].reasoning == "Hm."

    def test_le_chat_keeps_what_it_wrote_beside_the_answer_and_tells_what_it_made(
        self, store: Store, bring: Bring
    ) -> None:
        chunks = [
            {"type": "tool_call", "name": "web_search"},
            {"type": "text", "text": "Here"},
            {"type": "canva", "id": "d", "version": 0},
            {"type": "image_url", "imageUrl": "https://example.org/a.png"},
            {"type": "file_reference", "fileReference": "plan.docx"},
        ]
        canvas = [
            {"type": "text/markdown", "title": "Plan", "content": "# One"},
            {"type": "slides", "title": "Talk", "content": "---\nmarp: true\n---"},
        ]
        asked = {"id": "m0", "chatId": "c", "role": "user", "content": "Hi", "createdAt": "2026-05-28T20:26:40Z"}
        answer = {**asked, "id": "m1", "role": "assistant", "content": "Here", "createdAt": "2026-05-28T20:26:41Z"}
        receipt = bring([asked, {**answer, "contentChunks": chunks, "canvas": canvas}])

        written = "**Plan**\n\n# One\n\n**Talk**\n\n```\n---\nmarp: true\n---\n```"
        assert said(store) == [("user", "Hi"), ("assistant", f"(picture)\n\n(file: plan.docx)\n\nHere\n\n{written}")]
        assert [(it.why, it.count) for it in receipt.skipped] == [
            ("a file, picture or recording", 2),
            ("the work of a tool", 1),
        ]

    def test_gemini_takeout(self, store: Store, bring: Bring) -> None:
        def record(title: str, when: str, answer: str = "") -> Json:
            told = {"header": "Gemini Apps", "title": title, "time": when, "products": ["Gemini Apps"]}
            return {**told, "safeHtmlItem": [{"html": answer}]} if answer else told

        bring(
            [
                record("Prompted And now?", "2026-05-28T20:30:00.000Z", "<p>Still.</p>"),
                record("Gave feedback", "2026-05-28T20:27:00.000Z"),
                record("Prompted Is it &amp; so?", "2026-05-28T20:26:40.000Z", "<p>A &lt; b</p><ul><li>one</li></ul>"),
                record("Prompted Much later", "2026-05-28T23:00:00.000Z"),
            ]
        )
        titles = [conversation.title for conversation in store.conversations.page(owner="ada").items]
        assert titles == ["Much later", "Is it &amp; so?"]
        assert store.search.find("one", owner="ada").items

    def test_gemini_answers_keep_their_form_and_each_of_several_stays(self, store: Store, bring: Bring) -> None:
        html = (
            "<h3>How</h3><p>Do <strong>this</strong>, see <a href='x'>it</a> "
            '<a href="https://a.example/?b=1&amp;c=2">there</a>:</p>'
            '<ol><li>first<pre><code class="language-python">if a &lt; b:\n    c()\n</code></pre></li>'
            "<li>then</li></ol>"
            "<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td><p>2|3</p></td></tr></tbody>"
            "</table><blockquote><p>one</p><p>two</p></blockquote><script>no()</script>"
        )
        files = [{"name": "Attached 1 file."}, {"name": "-  cat.png", "url": "cat-1e98.png"}]
        told = {"header": "Gemini Apps", "products": ["Gemini Apps"]}
        asked = {**told, "title": "Prompted Why?", "time": "2026-05-28T20:26:40.000Z", "subtitles": files}
        then = {**told, "title": "Prompted And?", "time": "2026-05-28T20:27:40.000Z"}
        receipt = bring([then, {**asked, "safeHtmlItem": [{"html": "<p>Old</p>"}, {"html": html}]}])

        markdown = (
            "### How\n\nDo **this**, see it [there](https://a.example/?b=1&c=2):\n\n"
            "1. first\n\n   ```python\n   if a < b:\n       c()\n   ```\n\n2. then\n\n"
            "| A | B |\n| --- | --- |\n| 1 | 2\\|3 |\n\n> one\n>\n> two"
        )
        assert said(store) == [("user", "(picture: cat.png)\n\nWhy?"), ("assistant", markdown), ("user", "And?")]
        assert store.search.find("Old", owner="ada").items
        assert {skipped.why for skipped in receipt.skipped} == {"a file, picture or recording"}

    def test_copilot(self, store: Store, bring: Bring) -> None:
        rows = [
            'Whales,2026-07-26T23:20:56,AI,"**Mammals**,\nsaid ""you"""',
            "Whales,2026-07-26T23:20:56,Human,And sharks?",
            "Whales,2026-07-26T23:20:51,AI,Mammals.",
            "Whales,2026-07-26T23:20:51,Human,What are whales?",
        ]
        table = ("\ufeffConversation,Time,Author,Message\r\n" + "\r\n".join(rows)).encode()
        receipt = bring(zip_of("copilot-activity-history.csv", table))
        (conversation,) = store.conversations.page(owner="ada").items
        assert (receipt.sources, conversation.title) == (["copilot"], "Whales")
        assert said(store) == [
            ("user", "What are whales?"),
            ("assistant", "Mammals."),
            ("user", "And sharks?"),
            ("assistant", '**Mammals**,\nsaid "you"'),
        ]
        assert bring(table).messages_added == 0
