"""Sessions of coding agents, as Claude Code 2.1.100 and Codex 0.171.0 have written them; older forms are told."""

import json
from typing import Any

import pytest

from chatapp.backend.store import Store
from chatapp.errors import InvalidRequestError
from support.imported import Bring, Json, said


def lines(*told: Json) -> bytes:
    return "\n".join(json.dumps(line) for line in told).encode()


def of_claude(line_id: str, above: str | None, kind: str, content: Any = None, **fields: Any) -> Json:
    """A line of Claude Code; an answer has the id of the call that made it, which several lines share."""
    message: Json = {"role": kind, "content": content}
    if kind == "assistant":
        usage = {"input_tokens": 4, "cache_read_input_tokens": 6, "output_tokens": 7}
        message |= {"id": "msg_1", "model": "claude", "usage": usage}
    when = {"timestamp": f"2026-11-29T01:46:{len(line_id):02}.5Z"}
    beside = {"isSidechain": False, "sessionId": "s", "cwd": "/home/ann/project", **when}
    return {"parentUuid": above, "uuid": line_id, "type": kind, "message": message, **beside, **fields}


def block(kind: str, **fields: Any) -> list[Json]:
    return [{"type": kind, **fields}]


CALL = block("tool_use", name="Read", id="t", input={})
FOUND = block("tool_result", tool_use_id="t", content="notes")
PICTURE = block("image", source={"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="})
SESSION = [
    {"type": "queue-operation", "operation": "enqueue", "sessionId": "s", "content": "Why?"},
    of_claude("q", None, "user", [*PICTURE, *block("text", text="Why?")]),
    of_claude("qq", "q", "attachment", attachment={"type": "skill_listing"}),
    of_claude("a1", "qq", "assistant", block("thinking", thinking="Hm.", signature="x")),
    of_claude("a2", "a1", "assistant", block("text", text="I look.")),
    of_claude("a3", "a2", "assistant", CALL),
    of_claude("t1", "a3", "user", FOUND),
    of_claude("o1", "a3", "user", "An agent's task", isSidechain=True),
    of_claude("a4", "t1", "assistant", block("text", text="So."), requestId="r"),
    of_claude("b", "a2", "user", "Or not?"),
    of_claude("bb", None, "system", logicalParentUuid="nowhere", subtype="compact_boundary"),
    of_claude("c1", "bb", "user", "What was said before: much", isCompactSummary=True),
    of_claude("c2", "c1", "user", "<command-name>/compact</command-name>\n<command-args></command-args>"),
    of_claude("c3", "c2", "user", "<local-command-stdout>Compacted</local-command-stdout>"),
    of_claude("c4", "c3", "user", "<command-message>x</command-message>\n<command-name>/x</command-name>\n"
              "<command-args>whales</command-args>"),
    of_claude("c5", "c4", "user", block("text", text="Explain whales."), isMeta=True),
    of_claude("c6", "c5", "assistant", block("text", text="Big.")),
    of_claude("c7", "c6", "user", "[Request interrupted by user]"),
    {"type": "ai-title", "aiTitle": "Whales", "sessionId": "s"},
]  # fmt: skip


def test_session_of_claude_code_is_what_was_said(store: Store, bring: Bring) -> None:
    receipt = bring(lines(*SESSION))
    (conversation,) = store.conversations.page(owner="ada").items
    messages = store.messages.all(conversation.id, owner="ada")
    assert (receipt.sources, conversation.title) == (["claude-code"], "Whales")
    assert said(store) == [
        ("user", "(picture)\n\nWhy?"),
        ("assistant", "I look."),
        ("user", "Or not?\n\n/x whales"),
        ("assistant", "Big."),
    ]
    first, last = messages[1], messages[-1]
    assert (first.reasoning, first.model, first.usage) == (
        "Hm.",
        "claude",
        {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17},
    )
    assert (last.content, last.status, last.usage) == ("Big.", "stopped", None)
    assert ("assistant", "So.") in [(it.role, it.content) for it in messages]
    assert {(it.why, it.count) for it in receipt.skipped} == {
        ("a file, picture or recording", 1),
        ("the work of a tool", 1),
        ("a message that was not shown", 1),
        ("the project, folder or tag it was in", 1),
    }


def test_session_that_has_gone_on_grows(store: Store, bring: Bring) -> None:
    bring(lines(*SESSION))
    more = of_claude("z" * 9, "c7", "user", "And now?")
    receipts = [bring(lines(*SESSION, more)) for _ in range(2)]
    assert [(it.conversations_added, it.messages_added) for it in receipts] == [(0, 1), (0, 0)]
    assert said(store)[-1] == ("user", "And now?")


@pytest.mark.parametrize(
    ("line", "content", "status"),
    [
        ({"isApiErrorMessage": True}, "(The answer failed: API Error: 529)", "failed"),
        ({}, None, None),
    ],
    ids=["a failure", "nothing that was said"],
)
def test_what_claude_code_says_itself(
    store: Store, bring: Bring, line: Json, content: str | None, status: str | None
) -> None:
    by_itself = of_claude("a", "q", "assistant", block("text", text="API Error: 529"), **line)
    by_itself["message"]["model"] = "<synthetic>"
    bring(lines(of_claude("q", None, "user", "Why?"), by_itself))
    (conversation,) = store.conversations.page(owner="ada").items
    answers = store.messages.all(conversation.id, owner="ada")[1:]
    assert [(it.content, it.status, it.model) for it in answers] == ([(content, status, None)] if content else [])


def test_summary_before_a_session_is_its_title(store: Store, bring: Bring) -> None:
    summary = {"type": "summary", "summary": "Old whales", "leafUuid": "q"}
    bring(lines(summary, of_claude("q", None, "user", "Why?")))
    (conversation,) = store.conversations.page(owner="ada").items
    assert conversation.title == "Old whales"


def of_codex(kind: str, **payload: Any) -> Json:
    return {"timestamp": "2026-11-29T01:46:40.252Z", "type": kind, "payload": payload}


def item(role: str, text: str, *kinds: str) -> Json:
    part = {"type": "output_text" if role == "assistant" else "input_text", "text": text}
    told = {"internal_chat_message_metadata_passthrough": {"content_item_kinds": list(kinds)}} if kinds else {}
    return of_codex("response_item", type="message", role=role, content=[part], **told)


def event(kind: str, **fields: Any) -> Json:
    return of_codex("event_msg", type=kind, **fields)


ROLLOUT = [
    of_codex("session_meta", id="c", cwd="/home/ann/project", cli_version="0.171.0"),
    of_codex("session_meta", id="the one before"),
    item("developer", "<permissions instructions>"),
    item("user", "<environment_context>\n  <cwd>/tmp</cwd>"),
    item("user", "Recommended plugins", "plugins.recommended"),
    of_codex("turn_context", model="gpt"),
    item("user", "Why?", "user.text"),
    event("item_completed", item={"type": "UserMessage", "content": [{"type": "text", "text": "Why?"}]}),
    of_codex("response_item", type="reasoning", summary=[{"type": "summary_text", "text": "Hm."}]),
    of_codex("response_item", type="reasoning", summary=[], encrypted_content="x"),
    item("assistant", "I look."),
    of_codex("response_item", type="function_call", name="exec_command", arguments="{}"),
    event("token_count", info={"last_token_usage": {"input_tokens": 10, "output_tokens": 7}}),
    of_codex("response_item", type="function_call_output", output="notes"),
    item("assistant", "So."),
    event("token_count", info=None),
    item("user", "Or not?"),
    item("assistant", "No"),
    event("turn_aborted", reason="interrupted"),
    event("thread_rolled_back", num_turns=1),
    item("user", "And?"),
]


def test_rollout_of_codex_is_what_was_said(store: Store, bring: Bring) -> None:
    receipt = bring(lines(*ROLLOUT))
    (conversation,) = store.conversations.page(owner="ada").items
    messages = store.messages.all(conversation.id, owner="ada")
    assert (receipt.sources, conversation.title) == (["codex"], "Why?")
    assert said(store) == [("user", "Why?"), ("assistant", "I look.\n\nSo."), ("user", "And?")]
    assert (messages[1].reasoning, messages[1].model) == ("Hm.", "gpt")
    assert messages[1].usage == {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17}
    assert [(it.content, it.status) for it in messages if it.status != "complete"] == [("No", "stopped")]
    assert {(it.what, it.why, it.count) for it in receipt.skipped} == {
        ("Why?", "the work of a tool", 1),
        ("Why?", "a thought that its program has encrypted", 1),
        ("the file", "the project, folder or tag it was in", 1),
    }
    again = bring(lines(*ROLLOUT, item("assistant", "Then.")))
    assert (again.messages_added, said(store)[-1]) == (1, ("assistant", "Then."))


@pytest.mark.parametrize(
    ("told", "what"),
    [
        (
            [of_claude("o", None, "user", "Task", isSidechain=True)],
            "a session of Claude Code in which nothing was said",
        ),
        ([{"type": "summary", "summary": "x", "leafUuid": "q"}], "a session of Claude Code in which nothing was said"),
        (ROLLOUT[:4], "a session of Codex in which nothing was said"),
        (
            [
                {
                    "uuid": "u",
                    "parentUuid": None,
                    "sessionId": "s",
                    "type": "user",
                    "message": {"parts": [{"text": ""}]},
                }
            ],
            "a session of Qwen Code in which nothing was said",
        ),
        ([{"info": {"id": "ses", "slug": "x", "directory": "/"}, "messages": []}], "a session of opencode"),
    ],
    ids=["an agent alone", "a summary alone", "Codex", "Qwen Code", "opencode"],
)
def test_session_without_a_word_or_of_another_agent_is_refused_by_its_name(
    bring: Bring, told: list[Json], what: str
) -> None:
    with pytest.raises(InvalidRequestError, match=what):
        bring(lines(*told))


@pytest.mark.parametrize("odd", [None, "x", -1, 1e300, ["x"], {"a": None}], ids=str)
def test_no_value_of_another_kind_costs_a_session(store: Store, bring: Bring, odd: Any) -> None:
    told = [{**line, name: odd} for line in (*SESSION, *ROLLOUT) for name in line if name != "type"]
    nested = [
        {**line, whole: {**line[whole], name: odd}}
        for line in (*SESSION, *ROLLOUT)
        for whole in ("message", "payload")
        for name in line.get(whole, ())
    ]
    receipt = bring(lines(*told, *nested, of_claude("q", None, "user", "Why?")))
    assert not [it for it in receipt.skipped if "cannot be read" in it.why]
    assert store.search.find("why", owner="ada").items


def test_session_whose_lines_have_ids_of_messages_here_stays_a_tree(store: Store, bring: Bring) -> None:
    first, answer = of_claude("u", None, "user", "Why?"), of_claude("a", "u", "assistant", "So.")
    bring(lines(first, answer))
    (conversation,) = store.conversations.page(owner="ada").items
    here = store.messages.page(conversation.id, owner="ada").items[0].id
    above = of_claude(here, None, "user", "How?"), of_claude("b", here, "assistant", "Thus.")
    bring(lines(*above, {**first, "parentUuid": "b"}, answer))
    assert said(store) == [("user", "How?"), ("assistant", "Thus."), ("user", "Why?"), ("assistant", "So.")]
