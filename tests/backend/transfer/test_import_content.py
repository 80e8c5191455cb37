"""What real exports hold beside text: citations, pictures, artifacts, reasoning."""

import json
from typing import Any

import pytest

from chatapp.backend.store import Store
from chatapp.backend.store.imported import ATTACHMENT, FOLDER, NO_TEXT, TOOL, UNKNOWN, ImportedConversation
from chatapp.backend.transfer.importers import chatgpt, claude, deepseek, formats, grok, librechat, lm_studio
from chatapp.backend.transfer.importers import open_webui as open_webui_reader
from chatapp.protocol.messages import AttachmentPart, TextPart
from chatapp.protocol.usage_line import usage_parts
from support.foreign_exports import open_webui
from support.imported import PICTURE, Bring, Json, line, multimodal, said


@pytest.mark.parametrize(
    ("text", "metadata", "shown"),
    [
        ("At nine.\ue200cite\ue202turn0search0\ue201 Daily.", {}, "At nine. Daily."),
        ("At nine.\ue200cite\ue202turn0search0", {}, "At nine."),
        ("At nine, see \ue200url\ue202The docs", {}, "At nine, see The docs"),
        (
            "At nine.\ue200cite\ue202turn0search0\ue201",
            {
                "content_references": [
                    {"matched_text": "\ue200cite\ue202turn0search0\ue201", "alt": " ([a](https://a.b))"}
                ]
            },
            "At nine. ([a](https://a.b))",
        ),
        (
            "Nine\ue200cite\ue202x\ue201",
            {
                "content_references": [
                    {"matched_text": "\ue200cite\ue202x\ue201", "items": [{"title": "The [A]", "url": "https://a.b/c"}]}
                ]
            },
            "Nine ([The (A)](https://a.b/c))",
        ),
        ('\ue200entity\ue202["company","Acme","x"]\ue201 makes it', {}, "Acme makes it"),
        ("See \ue200url\ue202The [docs]\ue202https://a.b/c\ue201.", {}, "See [The (docs)](https://a.b/c)."),
        ("See \ue200url\ue202The docs\ue202turn0search0\ue201.", {}, "See The docs."),
        (
            "- \ue200video\ue202A talk\ue202turn0search1\ue201",
            {
                "content_references": [
                    {
                        "matched_text": "\ue200video\ue202A talk\ue202turn0search1\ue201",
                        "item": {"url": "https://a.b/v"},
                    }
                ]
            },
            "- [A talk](https://a.b/v)",
        ),
        ('The \ue200product_entity\ue202["turn0product1","Skates"]\ue201 fit', {}, "The Skates fit"),
        ('\ue200products\ue202{"selections":[["p1","One"],["p2","Two"],5]}\ue201', {}, "One, Two"),
        (
            'So:\ue200genui\ue202{"math_block_widget_always_prefetch_v2":{"content":"a^2"}}\ue201Yes',
            {},
            "So:\n\n$$\na^2\n$$\n\nYes",
        ),
        ('Rain.\ue200genui\ue202{"weather":{"place":"Bonn"}}\ue201\ue200genui\ue202[\ue201', {}, "Rain."),
        (
            'Here:\n:::writing{variant="email" id="1" subject="Review"}\nHello\n```\n:::\n```\n:::\nNext.',
            {},
            "Here:\n**Review**\n\nHello\n```\n:::\n```\nNext.",
        ),
        ("```\n:::writing{a}\n:::\n```", {}, "```\n:::writing{a}\n:::\n```"),
        ("see\u30104:0\u2020notes.pdf\u3011 there", {}, "see there"),
        (
            "See\u30101\u2020source\u3011 it",
            {"citations": [{"start_ix": 3, "end_ix": 13, "metadata": {"title": "T", "url": "https://a.b/c"}}]},
            "See ([T](https://a.b/c)) it",
        ),
        (
            "See\u30101\u2020source\u3011 it",
            {"citations": [{"start_ix": 2, "end_ix": 13, "metadata": {"url": "https://a.b/c"}}, {"start_ix": None}]},
            "See it",
        ),
        ("[The table](sandbox:/mnt/data/t.csv) is ready", {}, "The table is ready"),
        ("[The [new] table](<sandbox:/mnt/data/a t (1).csv>) is ready", {}, "The [new] table is ready"),
        ("At nine :contentReference[oaicite:0]{index=0}.", {}, "At nine."),
        (
            "At nine[oaicite:1]{index=1}.",
            {"content_references": [{"matched_text": "[oaicite:1]{index=1}", "alt": "([a](https://a.b))"}]},
            "At nine ([a](https://a.b)).",
        ),
        ("At\u3010turn1view0\u2020L3-L4\u3011 nine\u3010turn0search3\u3011.", {}, "At nine."),
        ("open \ue200cite\ue202", {}, "open cite"),
    ],
)
def test_marks_for_citations_become_links_or_go(
    store: Store, bring: Bring, text: str, metadata: Json, shown: str
) -> None:
    content = {"content": {"content_type": "text", "parts": [text]}, "metadata": metadata}
    bring(line(("q", "user", "When?"), ("a", "assistant", content)))
    assert said(store)[-1] == ("assistant", shown)


class TestPictures:
    def test_picture_alone_keeps_its_place_and_sides_take_turns(self, store: Store, bring: Bring) -> None:
        receipt = bring(
            line(
                ("q1", "user", multimodal(PICTURE)),
                ("a1", "assistant", "A heron."),
                ("q2", "user", "Draw one"),
                ("t", "tool", multimodal(PICTURE)),
                ("q3", "user", "Bigger"),
            )
        )
        assert said(store) == [
            ("user", "(picture)"),
            ("assistant", "A heron."),
            ("user", "Draw one"),
            ("assistant", "(picture)"),
            ("user", "Bigger"),
        ]
        assert [(line.why, line.count) for line in receipt.skipped] == [("a file, picture or recording", 2)]

    def test_attached_file_is_named_and_counted_once(self, store: Store, bring: Bring) -> None:
        attachments = {"metadata": {"attachments": [{"id": "file_1", "name": "h.png"}, {"id": "f", "name": "n.pdf"}]}}
        receipt = bring(line(("q", "user", {**multimodal(PICTURE, "Which?"), **attachments})))
        assert said(store) == [("user", "(file: n.pdf)\n\n(picture: h.png)\n\nWhich?")]
        assert receipt.skipped[0].count == 2

    def test_what_is_known_of_a_file_is_kept_beside_the_text(self, store: Store, bring: Bring) -> None:
        known = {"metadata": {"attachments": [{"id": "file_1", "name": "h.png"}]}}
        bring(line(("q", "user", {**multimodal(PICTURE), **known})))
        (conversation,) = store.conversations.page(owner="ada").items
        (message,) = store.messages.all(conversation.id, owner="ada")
        assert message.parts == (AttachmentPart("h.png", "image/*", 9), TextPart("(picture: h.png)"))

    @pytest.mark.parametrize(
        ("message", "shown"),
        [
            ({"files": [{"file_name": "a.png", "file_kind": "image"}], "text": ""}, "(picture: a.png)"),
            ({"attachments": [{"file_name": "a.pdf"}], "text": "Look"}, "(file: a.pdf)\n\nLook"),
            ({"content": [{"type": "voice_note", "text": ""}]}, "(recording)"),
            ({"content": "As text"}, "As text"),
        ],
    )
    def test_claude(self, store: Store, bring: Bring, message: Json, shown: str) -> None:
        bring({"uuid": "c", "name": "n", "chat_messages": [{"uuid": "m", "sender": "human", **message}]})
        assert said(store) == [("user", shown)]

    def test_open_webui(self, store: Store, bring: Bring) -> None:
        theirs = {**open_webui(), "archived": False}
        theirs["chat"]["history"]["messages"]["u1"] |= {"content": "", "files": [{"type": "image", "name": "a.png"}]}
        theirs["chat"]["history"]["messages"]["a1"]["content"] = "So ![it](data:image/png;base64,AAAA) is"
        bring(theirs)
        assert said(store) == [("user", "(picture: a.png)"), ("assistant", "So (picture: it) is")]


def test_text_that_claude_wrote_beside_its_answer_comes_along(store: Store, bring: Bring) -> None:
    writes = {"id": "p", "command": "create", "type": "text/markdown", "title": "P", "content": "THE POEM"}
    changes = {"id": "p", "command": "update", "old_str": "POEM", "new_str": "SONG"}
    blocks = [{"type": "text", "text": "Here:"}]
    blocks += [{"type": "tool_use", "name": "artifacts", "input": call} for call in (writes, changes)]
    file = {"path": "/mnt/p.txt", "old_str": "THE", "new_str": "A"}
    blocks += [{"type": "tool_use", "name": "str_replace", "input": file}]
    answer = {"uuid": "m2", "sender": "assistant", "text": "", "content": blocks}
    bring({"uuid": "c", "name": "n", "chat_messages": [{"uuid": "m1", "sender": "human", "text": "A poem"}, answer]})
    shown = "Here:\n\n**P**\n\nTHE POEM\n\n```\nSONG\n```\n\n**p.txt**\n\nA"
    assert said(store)[-1] == ("assistant", shown)


def test_canvas_of_chatgpt_comes_along(store: Store, bring: Bring) -> None:
    call = json.dumps({"name": "P", "type": "code/python", "content": "print('```')END"})
    text = call.replace("END", "\n")  # as a model may write it
    canvas = {"content": {"content_type": "code", "text": text}, "recipient": "canmore.create_textdoc"}
    receipt = bring(line(("q", "user", "Write"), ("c", "assistant", canvas), ("a", "assistant", "Done.")))
    assert said(store)[-1] == ("assistant", "**P**\n\n````python\nprint('```')\n````\n\nDone.")
    assert receipt.skipped == []


@pytest.mark.parametrize(
    ("role", "message", "shown", "why"),
    [
        ("assistant", {"content": "As text"}, "As text", None),
        ("assistant", {"content": {"content_type": "new", "refusal": "No."}}, None, "a message without text"),
        ("assistant", {"content": {"content_type": "text", "parts": [""]}}, None, None),
        (
            "assistant",
            {
                "content": {
                    "content_type": "model_editable_context",
                    "model_set_context": "Likes tea",
                    "repository": None,
                }
            },
            None,
            "a message that was not shown",
        ),
        ("assistant", {"content": {"content_type": "model_editable_context", "model_set_context": ""}}, None, None),
        ("user", {"metadata": {"targeted_reply": "One.\nTwo."}}, "> One.\n> Two.\n\nSaid", None),
        ("tool", {"content": {"content_type": "sonic_webpage", "text": "All of it"}}, None, "the work of a tool"),
        ("tool", {"metadata": {"is_async_task_result_message": True}}, "Said", None),
        (
            "tool",
            {
                "metadata": {
                    "aggregate_result": {"messages": [{"message_type": "image", "image_url": "file-service://x"}]}
                }
            },
            "(picture)",
            "a file, picture or recording",
        ),
        (
            "assistant",
            {
                "content": {
                    "content_type": "multimodal_text",
                    "parts": [{"content_type": "audio_transcription", "text": ""}],
                }
            },
            None,
            "a message without text",
        ),
    ],
)
def test_every_kind_of_message_comes_along_or_is_told(
    role: str, message: Json, shown: str | None, why: str | None
) -> None:
    node = {"content": {"content_type": "text", "parts": ["Said"]}, "metadata": {}, **message}
    theirs = chatgpt.read(line(("q", "user", "Hi"), ("m", role, node)))
    assert [message.content for message in theirs.messages] == ["Hi", *([shown] if shown else [])]
    assert list(theirs.left_out) == ([why] if why else [])


@pytest.mark.parametrize(
    ("block", "shown", "thought", "why"),
    [
        ({"type": "redacted_thinking", "data": "x"}, "Hi.", "", "a thought that its program has encrypted"),
        ({"type": "thinking", "thinking": "", "summaries": [{"summary": "Hm"}]}, "Hi.", "Hm", None),
        ({"type": "image", "source": {}}, "Hi.\n\n(picture)", "", "a file, picture or recording"),
        ({"type": "document", "title": "a.pdf"}, "Hi.\n\n(file: a.pdf)", "", "a file, picture or recording"),
        ({"type": "server_tool_use", "name": "web_search"}, "Hi.", "", "the work of a tool"),
        ({"type": "mcp_tool_result", "content": "x"}, "Hi.", "", "the work of a tool"),
        ({"type": "new", "text": "So."}, "Hi.\n\nSo.", "", None),
        ({"type": "token_budget", "text": "5"}, "Hi.", "", None),
        (
            {"text": "So.", "citations": [{"title": "A", "url": "https://a.b"}, {"details": {"url": "https://c.d/e"}}]},
            "Hi.\n\nSo. ([A](https://a.b), [c.d](https://c.d/e))",
            "",
            None,
        ),
    ],
)
def test_every_block_of_claude_comes_along_or_is_told(block: Json, shown: str, thought: str, why: str | None) -> None:
    answer = {"uuid": "m", "sender": "assistant", "content": [{"type": "text", "text": "Hi."}, block]}
    theirs = claude.read({"uuid": "c", "name": "n", "chat_messages": [answer]})
    assert [(message.content, message.reasoning) for message in theirs.messages] == [(shown, thought)]
    assert list(theirs.left_out) == ([why] if why else [])


def test_files_of_claude_s_page_and_sources_of_open_webui_are_named() -> None:
    files = {"files_v2": [{"file_name": "a.png", "file_kind": "image", "file_uuid": "f"}]}
    asked = {"uuid": "m", "sender": "human", "text": "Look", **files}
    assert claude.read({"uuid": "c", "chat_messages": [asked]}).messages[0].content == "(picture: a.png)\n\nLook"

    theirs = open_webui()
    sources = [{"source": {"name": "notes.pdf"}}, {"source": {"name": "A", "url": "https://a.b"}}]
    theirs["chat"]["history"]["messages"]["a1"] |= {"content": "So [2].", "sources": sources}
    contents = [message.content for message in open_webui_reader.read(theirs).messages]
    assert "So [2].\n\n2. [A](https://a.b)" in contents


def test_model_of_chatgpt_that_only_the_conversation_names_is_that_of_its_answers() -> None:
    own = {"content": {"content_type": "text", "parts": ["Ha"]}, "metadata": {"model_slug": "gpt-5-pro"}}
    said = [("q", "user", "Hi"), ("a", "assistant", "Ho"), ("b", "assistant", own)]
    theirs = chatgpt.read(line(*said, default_model_slug="gpt-5"))
    assert [message.model for message in theirs.messages] == [None, "gpt-5", "gpt-5-pro"]


def test_project_and_group_chats_of_chatgpt_are_told() -> None:
    assert list(chatgpt.read(line(("q", "user", "Hi"), gizmo_id="g-p-1")).left_out) == [FOLDER]
    assert formats.name_of({"chats": [{"id": "x"}]}) == "ChatGPT's group chats, whose form is not known"


def test_custom_instructions_and_pins_come_along(store: Store, bring: Bring) -> None:
    context = {
        "content": {
            "content_type": "user_editable_context",
            "user_profile": "A baker.",
            "user_instructions": "Be brief.",
        },
        "metadata": {"is_visually_hidden_from_conversation": True},
    }
    bring(line(("i", "user", context), ("q", "user", "Hi"), is_starred=None, pinned_time=1_780_000_005.0))
    (conversation,) = store.conversations.page(owner="ada").items
    assert (conversation.system, conversation.pinned) == ("A baker.\n\nBe brief.", True)


def of_claude(*blocks: Json, **fields: Any) -> ImportedConversation:
    answer = {"uuid": "a", "sender": "assistant", "content": list(blocks), **fields}
    return claude.read({"uuid": "c", "name": "T", "chat_messages": [answer]})


def test_what_claude_wrote_between_tags_is_text_and_code() -> None:
    page = '<antArtifact identifier="p" type="text/markdown" title="Poem">\nTHE POEM\n</antArtifact>'
    code = '<antArtifact identifier="c" language="python" type="application/vnd.ant.code">print()</antArtifact>'
    text = f"Here:\n\n<antThinking>Good for one.</antThinking>\n{page}\nEnjoy. {code}"
    (long,) = of_claude({"type": "text", "text": "So"}, stop_reason="max_tokens").messages
    assert long.finish_reason == "length"
    (answer,) = of_claude({"type": "text", "text": text}, stop_reason="user_canceled").messages
    assert answer.content == "Here:\n\n**Poem**\n\nTHE POEM\n\nEnjoy. \n\n```python\nprint()\n```"
    assert (answer.reasoning, answer.status) == ("Good for one.", "stopped")
    (cut,) = of_claude(text='Here: <antArtifact type="text/html" title="P"><p>').messages
    assert cut.content == "Here: \n\n**P**\n\n```html\n<p>\n```"


def test_marks_go_from_thoughts_and_canvases_too() -> None:
    mark = "\ue200cite\ue202turn0search0\ue201"
    hm = {"content": {"content_type": "thoughts", "thoughts": [{"content": f"Hm{mark}"}]}}
    call = {"name": "P", "type": "document", "content": f"So{mark}"}
    canvas = {"content": {"content_type": "code", "text": json.dumps(call)}, "recipient": "canmore.create_textdoc"}
    theirs = chatgpt.read(line(("q", "user", "?"), ("t", "assistant", hm), ("c", "assistant", canvas)))
    assert (theirs.messages[1].content, theirs.messages[1].reasoning) == ("**P**\n\nSo", "Hm")


def test_what_is_of_a_kind_that_nobody_knows_is_counted() -> None:
    said, new = {"type": "text", "text": "Yes."}, {"type": "hologram", "data": 5}
    theirs = of_claude(said, new, {"type": "aside", "text": "Shown."}, sync_sources=[{"type": "gdrive"}])
    assert [message.content for message in theirs.messages] == ["Yes.\n\nShown."]
    assert theirs.left_out == {UNKNOWN: 1, ATTACHMENT: 1}
    output = webui_thoughts("So.", {"type": "image_generation_call"}, {"type": "function_call_output"})
    assert open_webui_reader.read(output).left_out == {TOOL: 1}
    content = [{"type": "text", "text": "So."}, {"type": "agent_update"}]
    assert librechat.read({"conversationId": "l", "messages": [{"content": content}]}).left_out == {UNKNOWN: 1}


def test_thoughts_that_no_answer_followed_are_counted_and_a_cut_answer_is_told() -> None:
    hm = {"content": {"content_type": "thoughts", "thoughts": [{"content": "Hm"}]}}
    cut = {"content": {"parts": ["Half"]}, "metadata": {"finish_details": {"type": "max_tokens"}}}
    theirs = chatgpt.read(
        line(("q", "user", "Why?"), ("t", "assistant", hm), ("a", "assistant", cut), ("b", "tool", hm))
    )
    assert [(message.content, message.reasoning, message.finish_reason) for message in theirs.messages] == [
        ("Why?", "", None),
        ("Half", "Hm", "length"),
    ]
    assert theirs.left_out == {NO_TEXT: 1}


@pytest.mark.parametrize(
    ("written", "thought", "shown"),
    [
        ("<think>\nHm.\n</think>\n\nSo.", "Hm.", "So."),
        (" \n<thinking>Hm.</thinking>So.", "Hm.", "So."),
        ("[THINK]Hm.[/THINK]So.", "Hm.", "So."),
        (":::thinking\nHm.\n:::\nSo.", "Hm.", "So."),
        ("Hm.\n</think>\n\nSo.", "Hm.", "So."),
        ("<think>Hm.", "", "<think>Hm."),
        ("<think>Hm.</think>", "", "<think>Hm.</think>"),
        ("Write `</think>` behind it.", "", "Write `</think>` behind it."),
        ("So:\n```\n</think>\n\n{answer}\n```", "", "So:\n```\n</think>\n\n{answer}\n```"),
    ],
)
def test_thoughts_between_tags_are_apart(written: str, thought: str, shown: str) -> None:
    (answer,) = formats.finished(open_webui_reader.read(webui_thoughts(written))).messages[-1:]
    assert (answer.content, answer.reasoning) == (shown, thought)


def test_an_old_export_of_open_webui_tells_its_instructions_apart() -> None:
    said = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    theirs = open_webui_reader.read({"id": "w", "chat": {"messages": said}})
    assert (theirs.system, [message.content for message in theirs.messages]) == ("Be kind.", ["Hi"])
    assert not theirs.left_out


def test_marks_of_other_programs_become_links_or_go() -> None:
    card = (
        '<grok:render card_id="x" type="render_inline_citation"><argument name="citation_id">1</argument></grok:render>'
    )
    responses = [{"_id": "1", "sender": "assistant", "message": f"One.{card}{card} Two. <grok:render cut"}]
    assert grok.read({"conversation": {}, "responses": responses}).messages[0].content == "One. Two. "
    found = [{"url": "https://a.b/c", "title": "T", "cite_index": 1}, None]
    fragments = [
        {"type": "SEARCH", "results": found},
        {"type": "RESPONSE", "content": "One[citation:1]. Two[citation:2]."},
    ]
    theirs = deepseek.read({"inserted_at": "", "mapping": {"1": {"message": {"fragments": fragments}}}})
    assert theirs.messages[0].content == "One ([T](https://a.b/c)). Two."


def test_what_grok_wrote_beside_its_answer_is_code_and_its_cards_lead_where_the_export_says() -> None:
    card = '<grok:render card_id="x" type="render_inline_citation"></grok:render>'
    code = '<xaiArtifact artifact_id="1" title="a.py" contentType="text/python">\nprint()\n</xaiArtifact>'
    told = ['{"id": "x", "url": "https://a.b/c"}', "{", 5]
    response = {
        "_id": "1",
        "sender": "ASSISTANT",
        "message": f"Here:\n{code}\nDone{card}.",
        "card_attachments_json": told,
    }
    (answer,) = grok.read({"conversation": {}, "responses": [response]}).messages
    assert answer.content == "Here:\n\n**a.py**\n\n```python\nprint()\n```\n\nDone ([a.b](https://a.b/c))."


def test_what_librechat_found_is_no_file_and_its_marks_go() -> None:
    text = "At nine.\ue202turn0search0 Daily\\ue202turn0news1.\ue200\ue202turn0search0\ue202turn1search2\ue201"
    parts = [{"type": "text", "text": text}, {"type": "error", "error": "Cut."}]
    answer = {"content": parts, "attachments": [{"type": "web_search"}, {"filename": "a.png"}]}
    (message,) = librechat.read({"conversationId": "l", "messages": [answer]}).messages
    assert message.content == "(picture: a.png)\n\nAt nine. Daily.\n\nCut."


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"content": "", "error": True}, "(The answer failed)"),
        ({"content": "Half", "error": True}, "Half"),
        ({"content": "", "output": [{"type": "message", "content": "So."}]}, "So."),
        ({"content": [{"text": "So."}, {"image_url": {"url": "https://a.b/c.png"}}]}, "(picture)\n\nSo."),
        ({"content": "One.", "merged": {"content": "Both."}}, "One.\n\nBoth."),
        (
            {"content": "So.", "citations": [{"source": {"name": "https://a.b"}}]},
            "So.\n\n1. [https://a.b](https://a.b)",
        ),
    ],
)
def test_every_answer_of_open_webui_has_words(answer: Json, shown: str) -> None:
    said = {"q": {"role": "user", "content": "?"}, "a": {"role": "assistant", "parentId": "q", **answer}}
    theirs = open_webui_reader.read({"id": "w", "chat": {"history": {"messages": said}}})
    assert theirs.messages[-1].content == shown


def test_an_answer_of_deepseek_from_a_template_is_one() -> None:
    said = {"message": {"fragments": [{"type": "TEMPLATE_RESPONSE", "content": "Not now."}]}}
    theirs = deepseek.read({"inserted_at": "", "mapping": {"1": said}})
    assert [(it.role, it.content) for it in theirs.messages] == [("assistant", "Not now.")]
    assert not theirs.left_out


def test_a_side_of_claude_is_known_by_either_name() -> None:
    said = [{"uuid": "1", "sender": "user", "text": "Hi"}, {"uuid": "2", "sender": "assistant", "text": "Ho"}]
    theirs = claude.read({"uuid": "c", "chat_messages": said})
    assert [message.role for message in theirs.messages] == ["user", "assistant"]


@pytest.mark.parametrize(("title", "shown"), [(" a\n b\t", "a b"), ("  ", None)])
def test_a_title_is_one_line(title: str, shown: str | None) -> None:
    assert formats.finished(chatgpt.read(line(("q", "user", "Hi"), title=title))).title == shown


@pytest.mark.parametrize(
    ("reason", "status", "finish_reason"),
    [
        ("eosFound", "complete", None),
        ("userStopped", "stopped", None),
        ("maxPredictedTokensReached", "complete", "length"),
        ("modelUnloaded", "interrupted", None),
        (["?"], "complete", None),
    ],
)
def test_how_an_answer_of_lm_studio_ended_and_what_it_took_comes_along(
    reason: object, status: str, finish_reason: str | None
) -> None:
    stats = {"stopReason": reason, "promptTokensCount": 5, "predictedTokensCount": 7}
    steps = [{"content": [{"type": "text", "text": "So."}], "genInfo": {"stats": stats}}, {"type": "debugInfoBlock"}]
    answer = {"versions": [{"role": "assistant", "steps": steps}], "currentlySelected": 0}
    (message,) = lm_studio.read({"name": "L", "createdAt": 1, "messages": [answer]}).messages
    assert (message.status, message.finish_reason) == (status, finish_reason)
    assert (message.prompt_tokens, message.completion_tokens) == (5, 7)


def test_deepseek_of_early_2025_takes_turns() -> None:
    said = [("1", "root", "Why?", None), ("2", "1", "So.", "Hm."), ("3", "2", "And?", None), ("4", "2", "Or?", None)]
    nodes = {
        node_id: {"id": node_id, "parent": parent, "message": {"content": text, "reasoning_content": thought}}
        for node_id, parent, text, thought in said
    }
    theirs = deepseek.read({"id": "d", "inserted_at": "", "mapping": {"root": {"message": None}, **nodes}})
    assert [(message.role, message.content, message.reasoning) for message in theirs.messages] == [
        ("user", "Why?", ""),
        ("assistant", "So.", "Hm."),
        ("user", "And?", ""),
        ("user", "Or?", ""),
    ]


def recap(seconds: object) -> Json:
    content = {"content_type": "reasoning_recap", "content": "Thought for a while"}
    return {"content": content, "metadata": {"finished_duration_sec": seconds}}


def thoughts_of(*spent: object) -> Json:
    """ChatGPT's conversation with one answer that was thought about so many times, each so many seconds long."""
    hm = {"content": {"content_type": "thoughts", "thoughts": [{"content": "Hm"}]}}
    above = [
        node
        for n, each in enumerate(spent)
        for node in ((f"t{n}", "assistant", hm), (f"r{n}", "assistant", recap(each)))
    ]
    return line(("q", "user", "Why?"), *above, ("a", "assistant", "So."))


def claude_thoughts(*spent: tuple[object, object]) -> Json:
    blocks = [{"type": "thinking", "thinking": "Hm", "start_timestamp": a, "stop_timestamp": b} for a, b in spent]
    answer = {"uuid": "a", "sender": "assistant", "content": [*blocks, {"type": "text", "text": "So."}]}
    return {"uuid": "c", "name": "T", "chat_messages": [{"uuid": "q", "sender": "human", "text": "Why?"}, answer]}


def webui_thoughts(content: str, *output: Json) -> Json:
    said = {"role": "assistant", "content": content, "output": list(output), "parentId": "q"}
    return {"id": "w", "chat": {"history": {"messages": {"q": {"role": "user", "content": "Why?"}, "a": said}}}}


@pytest.mark.parametrize(
    ("theirs", "spent_ms"),
    [
        (thoughts_of(12), 12_000),
        (thoughts_of(12, 0.4), 12_400),
        (thoughts_of(None), None),
        (thoughts_of("soon", True, -1, 1e300), None),
        (line(("q", "user", "Why?"), ("a", "assistant", {**recap(3), "content": "So."})), 3000),
        (claude_thoughts(("2026-05-01T10:00:00Z", "2026-05-01T10:00:01.5Z"), (None, "x")), 1500),
        (claude_thoughts(("2026-05-01T10:00:01Z", "2026-05-01T10:00:00Z")), None),
        (webui_thoughts('<details type="reasoning" done="true" duration="3">\nHm</details>So.'), 3000),
        (webui_thoughts('<details type="reasoning" done="false">\nHm</details>So.'), None),
        (webui_thoughts("So.", {"type": "reasoning", "content": [{"text": "Hm"}], "duration": 2}), 2000),
    ],
)
def test_how_long_an_answer_was_thought_about_is_read(theirs: Json, spent_ms: int | None) -> None:
    source = formats.source_of(theirs)
    assert source is not None
    answer = formats.read(source, theirs).messages[-1]
    assert (answer.content, answer.turn and answer.turn.thinking_ms) == ("So.", spent_ms)


def test_how_long_an_answer_was_thought_about_comes_along_and_nothing_of_what_it_cost(
    store: Store, bring: Bring
) -> None:
    bring(thoughts_of(12))
    (conversation,) = store.conversations.page(owner="ada").items
    details = store.messages.page(conversation.id, owner="ada").items[-1].usage_details
    assert details is not None
    assert details.get("thinking_ms") == 12_000
    assert usage_parts(details) == []


def test_open_webui_of_today_keeps_reasoning_failures_and_usage(store: Store, bring: Bring) -> None:
    output = [
        {"type": "reasoning", "content": [{"type": "output_text", "text": "THOUGHT"}]},
        {"type": "function_call", "name": "f", "arguments": "{}"},
        {"type": "message", "content": [{"type": "output_text", "text": "!"}]},
    ]
    messages = {
        "q": {"id": "q", "parentId": None, "role": "user", "content": "?"},
        "a": {"parentId": "q", "role": "assistant", "content": "!", "output": output, "usage": {"prompt_tokens": 3}},
        "r": {"parentId": "a", "role": "user", "content": "And?"},
        "e": {"parentId": "r", "role": "assistant", "content": "", "error": {"content": "no model"}},
    }
    receipt = bring({"id": "o", "title": "o", "chat": {"history": {"currentId": "e", "messages": messages}}})
    assert said(store)[-1] == ("assistant", "(The answer failed: no model)")
    (conversation,) = store.conversations.page(owner="ada").items
    answer = store.messages.all(conversation.id, owner="ada")[1]
    assert (answer.content, answer.reasoning) == ("!", "THOUGHT")
    assert [(line.why, line.count) for line in receipt.skipped] == [("the work of a tool", 1)]
