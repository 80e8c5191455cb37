"""Programs that keep a conversation as a list of messages with roles, and what agents keep as lines."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.store import Store
from chatapp.backend.transfer.importers.budget import ImportBudget
from chatapp.backend.transfer.importers.files import ExportReader, FoundConversation, Unknown
from chatapp.backend.transfer.importers.json_values import Fingerprints
from chatapp.backend.transfer.importers.programs import read, recognises
from support.imported import Bring, Json, said
from support.loose_messages import (
    CHERRY_STUDIO,
    CLINE,
    CLINE_HISTORY,
    CLINE_TASK,
    COPILOT_CLI,
    GEMINI_CLI_REWOUND,
    GPTME,
    JAN,
    LLAMA_CPP,
    LLM_PRINTED,
    LOBE_CHAT,
    NEXT_CHAT,
    PI,
    QWEN_CHAT,
    SHELL_GPT,
    SILLY_TAVERN,
    TEXT_GENERATION,
    VS_CODE_LOG,
)

WHEN = 1_780_000_000_000


def part(kind: str, text: str, **more: Any) -> Json:
    return {"type": kind, "text": text, **more}


def fragment(kind: str, **part: str) -> Json:
    return {"ft": "content", "part": {"pt": kind, **part}}


OPENCODE: Json = {
    "info": {"id": "ses_1", "slug": "x", "directory": "/", "title": "T", "time": {"created": WHEN, "updated": WHEN}},
    "messages": [
        {
            "info": {"id": "m1", "role": "user", "time": {"created": WHEN}},
            "parts": [part("text", "Why?"), part("text", "the file", synthetic=True)],
        },
        {"info": {"id": "m2", "role": "assistant", "parentID": "m1"}, "parts": [part("tool", "")]},
        {
            "info": {"id": "m3", "role": "assistant", "parentID": "m1", "modelID": "m", "tokens": {"output": 4}},
            "parts": [part("step-start", ""), part("reasoning", "Hm."), part("text", "So."), part("tool", "ls")],
        },
    ],
}
GEMINI_CLI: Json = {
    "sessionId": "s",
    "projectHash": "h",
    "startTime": "2026-05-28T20:26:40.000Z",
    "messages": [
        {"id": "1", "timestamp": "2026-05-28T20:26:40Z", "type": "user", "content": [{"text": "<session_context>\nx"}]},
        {"id": "2", "timestamp": "2026-05-28T20:26:40Z", "type": "user", "content": "Why?"},
        {"id": "3", "type": "info", "content": "Request cancelled."},
        {
            "id": "4",
            "type": "gemini",
            "content": "So.",
            "model": "m",
            "tokens": {"output": 4},
            "thoughts": [{"subject": "", "description": "Hm."}],
        },
    ],
}
CONTINUE: Json = {
    "sessionId": "s",
    "title": "T",
    "history": [
        {"message": {"role": "system", "content": "Be brief."}, "contextItems": []},
        {"message": {"role": "user", "content": [part("text", "Why?")]}, "contextItems": []},
        {"message": {"role": "thinking", "content": "Not said."}},
        {"message": {"role": "assistant", "content": "So.", "reasoning": "Hm.", "usage": {"model": "m"}}},
    ],
}
AI_STUDIO: Json = {
    "runSettings": {"model": "models/m"},
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "chunkedPrompt": {
        "chunks": [
            {"text": "Why?", "role": "user", "tokenCount": 2, "createTime": "2026-05-28T20:26:40Z"},
            {"text": "Hm.", "role": "model", "isThought": True},
            {"text": "So.", "role": "model", "finishReason": "STOP", "parts": [{"text": "So."}]},
        ]
    },
}
VS_CODE: Json = {
    "responderUsername": "GitHub Copilot",
    "requests": [
        {
            "requestId": "r",
            "timestamp": WHEN,
            "modelId": "m",
            "message": {"text": "Why?", "parts": []},
            "response": [{"kind": "progressMessage", "value": "Reading"}, {"value": "So"}, {"value": "."}],
        }
    ],
}
HUGGINGCHAT: Json = {
    "id": "c",
    "title": "T",
    "model": "m",
    "preprompt": "Be brief.",
    "messages": [
        {"id": "0", "from": "system", "content": "Be brief.", "ancestors": []},
        {"id": "1", "from": "user", "content": "Why?", "ancestors": ["0"]},
        {"id": "2", "from": "assistant", "content": "No.", "ancestors": ["0", "1"]},
        {"id": "3", "from": "assistant", "content": "So.", "reasoning": "Hm.", "ancestors": ["0", "1"]},
    ],
}
BIG_AGI: Json = {
    "id": "c",
    "systemPurposeId": "Generic",
    "autoTitle": "T",
    "created": WHEN,
    "messages": [
        {"id": "1", "role": "user", "fragments": [fragment("text", text="Why?")], "created": WHEN},
        {
            "id": "2",
            "role": "assistant",
            "fragments": [fragment("ma", aText="Hm."), fragment("text", text="So.")],
            "generator": {"mgt": "aix", "name": "m"},
        },
    ],
}
TYPINGMIND: Json = {
    "chatID": "c",
    "chatTitle": "T",
    "createdAt": "2026-05-28T20:26:40.000Z",
    "messages": [
        {"role": "user", "content": [part("text", "Why?")], "uuid": "1"},
        {"role": "assistant", "content": "So.", "uuid": "2", "model": "m", "reasoning_content": "Hm."},
    ],
}
CHATBOX: Json = {
    "id": "c",
    "name": "T",
    "type": "chat",
    "messages": [
        {"id": "0", "role": "system", "contentParts": [part("text", "Be brief.")]},
        {"id": "1", "role": "user", "contentParts": [part("text", "Why?")], "timestamp": WHEN},
        {"id": "2", "role": "assistant", "contentParts": [part("reasoning", "Hm."), part("text", "So.")], "model": "m"},
    ],
}
CHATBOT_UI: Json = {
    "id": "c",
    "name": "T",
    "folderId": None,
    "prompt": "Be brief.",
    "messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}],
}
CHATGPT_EXPORTER: Json = {
    "metadata": {"title": "T", "powered_by": "ChatGPT Exporter (https://www.chatgptexporter.com)"},
    "messages": [
        {"role": "Prompt", "say": "Why?", "time": "2026-07-01 10:00:00"},
        {"role": "Response", "say": "So.", "time": "2026-07-01 10:01:00"},
    ],
}
QWEN = [
    {"uuid": "1", "parentUuid": None, "type": "user", "message": {"role": "user", "parts": [{"text": "Why?"}]}},
    {"uuid": "2", "parentUuid": "1", "type": "system", "subtype": "ui_telemetry"},
    {
        "uuid": "3",
        "parentUuid": "2",
        "type": "assistant",
        "model": "m",
        "message": {"role": "model", "parts": [{"text": "Hm.", "thought": True}, {"text": "So."}]},
        "usageMetadata": {"candidatesTokenCount": 4},
    },
    {"uuid": "4", "parentUuid": "3", "type": "tool_result", "message": {"role": "user", "parts": [{"text": "ls"}]}},
]
CLI_LINES = [
    {"sessionId": "s", "projectHash": "h", "startTime": "2026-05-28T20:26:40.000Z", "kind": "main"},
    {"$set": {"messages": GEMINI_CLI["messages"][:1]}},
    GEMINI_CLI["messages"][1],
    {"$set": {"lastUpdated": "2026-05-28T20:26:40.000Z"}},
    {**GEMINI_CLI["messages"][3], "timestamp": "2026-05-28T20:26:40Z"},
]


def as_lines(*told: Json) -> bytes:
    return b"\n".join(json.dumps(line).encode() for line in told)


ALL, ALONE = ("T", "Be brief.", "Hm.", "m"), (None, None, "Hm.", "m")
PROGRAMS: dict[str, tuple[Any, tuple[str | None, str | None, str, str | None]]] = {
    "opencode": (OPENCODE, ("T", None, "Hm.", "m")),
    "gemini-cli": (GEMINI_CLI, ALONE),
    "gemini-cli as lines": (as_lines(*CLI_LINES), ALONE),
    "qwen-code": (as_lines(*({"sessionId": "s", **line} for line in QWEN)), ALONE),
    "copilot-cli": (as_lines(*COPILOT_CLI), ("T", None, "Hm.", "m")),
    "pi": (as_lines(*PI), ("T", None, "Hm.", "m")),
    "qwen-chat": (QWEN_CHAT, ("T", None, "Hm.", "m")),
    "continue": (CONTINUE, ALL),
    "ai-studio": (AI_STUDIO, (None, "Be brief.", "Hm.", None)),
    "vs-code": (VS_CODE, (None, None, "", "m")),
    "vs-code as it keeps them": (as_lines(*VS_CODE_LOG), ("T", None, "Hm.", "m")),
    "huggingchat": ([HUGGINGCHAT], ("T", "Be brief.", "Hm.", None)),
    "big-agi": ({"conversations": [BIG_AGI]}, ("T", None, "Hm.", "m")),
    "typingmind": ({"data": {"chats": [TYPINGMIND], "folders": []}}, ("T", None, "Hm.", "m")),
    "chatbox": ({"chat-sessions-list": [], "session:c": CHATBOX, "settings": {}}, ALL),
    "cline": (CLINE, ALONE),
    "cline as a task": (CLINE_TASK, ALONE),
    "messages of Cline": (CLINE_HISTORY, (None, None, "Hm.", None)),
    "messages of gptme": (as_lines(*GPTME), ALONE),
    "messages of shell-gpt": (SHELL_GPT, (None, "Be brief.", "", None)),
    "jan": (as_lines(*JAN), (None, None, "Hm.", None)),
    "sillytavern": (as_lines(*SILLY_TAVERN), ("T", None, "Hm.", "m")),
    "cherry-studio": (CHERRY_STUDIO, ALL),
    "llama.cpp": ([LLAMA_CPP], ("T", "Be brief.", "Hm.", None)),
    "llm as it prints its log": (LLM_PRINTED, ALL),
    "nextchat": (NEXT_CHAT, ("T", None, "", "m")),
    "lobechat": (LOBE_CHAT, ("T", None, "Hm.", "m")),
    "text-generation-webui": (TEXT_GENERATION, (None, None, "", None)),
    "messages with a title": ({"title": "T", "messages": SHELL_GPT}, ("T", "Be brief.", "", None)),
    "chatgpt-exporter": (CHATGPT_EXPORTER, ("T", None, "", None)),
    "messages of an extension": ({"platform": "x", "messages": SHELL_GPT}, (None, "Be brief.", "", None)),
    "chatbot-ui": ({"version": 4, "history": [CHATBOT_UI], "folders": []}, ("T", "Be brief.", "", None)),
}
"""Files, and of each the title and instructions of its conversation, and the thoughts and the model of its answer."""


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_was_said_to_other_programs_comes_along(program: str, tmp_path: Path) -> None:
    export, told = PROGRAMS[program]
    path = tmp_path / "export"
    path.write_bytes(export if isinstance(export, bytes) else json.dumps(export).encode())

    (found,) = ExportReader(ImportBudget(), Fingerprints()).file(path)

    assert isinstance(found, FoundConversation)
    theirs, answer = found.conversation, found.conversation.messages[-1]
    question = next(message for message in theirs.messages if message.id == answer.parent_id)
    assert (theirs.source, question.content, answer.content) == (program.split(maxsplit=1)[0], "Why?", "So.")
    assert (theirs.title, theirs.system, answer.reasoning, answer.model) == told
    assert theirs.left_out.keys() <= {
        "the work of a tool",
        "a message that was not shown",
        "a file, picture or recording",
    }


def test_what_llm_prints_is_put_in_order(store: Store, bring: Bring) -> None:
    older = {**LLM_PRINTED[1], "prompt": "Explain", "id": "0", "datetime_utc": "2026-11-29T16:25:04+00:00"}
    receipt = bring([*LLM_PRINTED, older])

    assert said(store) == [
        ("user", "(picture: p.png)\n\nA long...\nExplain"),
        ("assistant", "It is long."),
        ("user", "(picture: p.png)\n\nA long text\nExplain"),
        ("assistant", "It is long."),
        ("user", "Why?"),
        ("assistant", "So."),
    ]
    assert [(it.why, it.count) for it in receipt.skipped] == [("a file, picture or recording", 2)]
    assert bring([*LLM_PRINTED, older]).messages_added == 0


def test_a_backup_of_several_conversations_is_read_once(store: Store, bring: Bring) -> None:
    backup = {"chat-sessions-list": [], "session:c": CHATBOX, "session:d": {**CHATBOX, "id": "d", "name": "Other"}}
    receipt = bring(json.dumps(backup).encode())
    assert (receipt.sources, receipt.conversations_added, receipt.messages_added) == (["chatbox"], 2, 4)
    assert bring(json.dumps(backup).encode()).messages_added == 0
    assert {it.title for it in store.conversations.page(owner="ada").items} == {"T", "Other"}


def test_the_other_answer_of_huggingchat_stays_beside() -> None:
    messages = read(HUGGINGCHAT).messages
    assert [(it.content, it.parent_id) for it in messages] == [("Why?", None), ("No.", "1"), ("So.", "1")]


TREES: dict[str, tuple[bytes, list[tuple[str, str | None]]]] = {
    "sillytavern": (as_lines(*SILLY_TAVERN), [("Why?", None), ("No.", "Why?"), ("So.", "Why?")]),
    "cherry-studio": (as_lines(CHERRY_STUDIO), [("Why?", None), ("No.", "Why?"), ("So.", "Why?")]),
    "gemini-cli": (as_lines(*GEMINI_CLI_REWOUND), [("How?", None), ("No.", "How?"), ("Why?", None), ("So.", "Why?")]),
    "pi": (as_lines(*PI), [("Why?", None), ("No.", "Why?"), ("So.", "Why?")]),
    "llama.cpp": (as_lines(LLAMA_CPP), [("How?", None), ("Why?", None), ("No.", "Why?"), ("So.", "Why?")]),
}


@pytest.mark.parametrize(("export", "tree"), TREES.values(), ids=TREES)
def test_other_answers_stay_beside(
    store: Store, bring: Bring, export: bytes, tree: list[tuple[str, str | None]]
) -> None:
    bring(export)
    (conversation,) = store.conversations.page(owner="ada").items
    messages = {it.id: it for it in store.messages.all(conversation.id, owner="ada")}
    placed = [(it.content, messages[it.parent_id].content if it.parent_id else None) for it in messages.values()]
    assert sorted(placed, key=str) == sorted(tree, key=str)
    assert said(store) == [("user", "Why?"), ("assistant", "So.")]


@pytest.mark.parametrize("question", ["[ERROR] no disk\n\nWhy?", "# Task progress\n\nGood?", "<task>a</task> Why?"])
def test_a_question_that_begins_as_a_note_of_cline_does_comes_along(store: Store, bring: Bring, question: str) -> None:
    bring([{"role": "user", "content": question}, SHELL_GPT[2]])
    assert said(store) == [("user", question), ("assistant", "So.")]


@pytest.mark.parametrize("whole", [TYPINGMIND, CHATBOT_UI], ids=["typingmind", "chatbot-ui"])
def test_a_question_that_begins_as_a_note_of_gptme_does_comes_along(whole: Json) -> None:
    question = {"role": "user", "content": "<system> is a tag of what?"}
    assert [it.content for it in read({**whole, "messages": [question, *whole["messages"][1:]]}).messages] == [
        "<system> is a tag of what?",
        "So.",
    ]


def test_what_stands_in_a_chat_of_vs_code_and_how_its_answers_end_comes_along() -> None:
    def asked(**about: Any) -> Json:
        return {**VS_CODE["requests"][0], **about}

    file: Json = {"kind": "inlineReference", "inlineReference": {"path": "/home/ann/app.py"}}
    named = {"kind": "inlineReference", "inlineReference": {"name": "main", "location": {"uri": {"path": "/x/y.py"}}}}
    shown = [{"kind": "file", "name": "app.py"}, {"kind": "image", "name": "p.png"}]
    requests = [
        asked(variableData={"variables": shown}, response=[{"value": "See "}, file, {"value": " at "}, named]),
        asked(requestId="2", response=[{"value": "It"}], modelState={"value": 2}),
        asked(requestId="3", response=[], result={"errorDetails": {"message": "no quota"}}),
    ]
    kept = read({**VS_CODE, "customTitle": "T", "creationDate": WHEN, "requests": requests})

    question, *answers = [kept.messages[number] for number in (0, 1, 3, 5)]
    assert (kept.title, kept.created_at is not None) == ("T", True)
    assert question.content == "(file: app.py)\n\n(picture: p.png)\n\nWhy?"
    assert [(it.content, it.status) for it in answers] == [
        ("See `app.py` at `main`", "complete"),
        ("It", "stopped"),
        ("(The answer failed: no quota)", "complete"),
    ]


def test_two_conversations_that_begin_alike_lose_nothing(store: Store, bring: Bring) -> None:
    for answer in ("So.", "No.", "So."):
        bring([*SHELL_GPT[:2], {"role": "assistant", "content": answer}])
    (conversation,) = store.conversations.page(owner="ada").items
    assert [it.content for it in store.messages.all(conversation.id, owner="ada")] == ["Why?", "So.", "No."]


@pytest.mark.parametrize("odd", [None, "x", -1, ["x"], {"a": None}], ids=str)
def test_no_value_of_another_kind_costs_its_conversation(odd: Any) -> None:
    for whole in (OPENCODE, GEMINI_CLI, CONTINUE, AI_STUDIO, VS_CODE, HUGGINGCHAT, BIG_AGI, CHATBOX):
        for field in whole:
            changed = {**whole, field: odd}
            assert not recognises(changed) or read(changed).messages
        for said_so in whole.get("messages", ()):
            for field in said_so:
                assert len(read({**whole, "messages": [{**said_so, field: odd}, *whole["messages"]]}).messages) >= 2


@pytest.mark.parametrize("odd", [None, -1, ["x"], {"a": None}], ids=str)
def test_no_value_of_another_kind_costs_messages_beside_it(tmp_path: Path, odd: Any) -> None:
    path = tmp_path / "export"
    for lines in (SILLY_TAVERN, CLINE_TASK, CLINE_HISTORY, JAN, GPTME, VS_CODE_LOG, PI, COPILOT_CLI):
        for number, line in enumerate(lines):
            for field in line:
                path.write_bytes(as_lines(*lines[:number], {**line, field: odd}, *lines[number + 1 :], *lines))
                found = [*ExportReader(ImportBudget(), Fingerprints()).file(path)]
                theirs = [piece.conversation for piece in found if isinstance(piece, FoundConversation)]
                texts = " ".join(message.content for one in theirs for message in one.messages)
                assert "Why?" in texts
                assert "So." in texts


def test_an_id_that_is_given_twice_costs_no_message() -> None:
    told = [{"id": "a", "role": "user", "content": word} for word in ("Why?", "So?", "Then?")]
    messages = read({**TYPINGMIND, "messages": [*told, {"id": "a", "role": "assistant", "content": "So."}]}).messages
    assert [it.content for it in messages] == ["Why?", "So?", "Then?", "So."]
    assert [it.parent_id for it in messages] == [None, *(it.id for it in messages[:-1])]


def test_many_messages_below_the_work_of_many_tools_take_a_moment(tmp_path: Path) -> None:
    count = 6_000
    tools = [{"uuid": f"t{it}", "parentUuid": f"t{it - 1}", "type": "tool_result"} for it in range(count)]
    below = {"parentUuid": f"t{count - 1}", "type": "user", "message": {"role": "user", "parts": [{"text": "Why?"}]}}
    said = [{**below, "uuid": f"{it}"} for it in range(count)]
    path = tmp_path / "export"
    path.write_bytes(as_lines(*({"sessionId": "s", **line} for line in (*QWEN, *tools, *said))))

    begun = time.thread_time()
    (found,) = ExportReader(ImportBudget(), Fingerprints()).file(path)

    assert isinstance(found, FoundConversation)
    assert time.thread_time() - begun < 5


def test_a_long_message_of_copilot_comes_along_and_one_without_an_end_costs_no_other(tmp_path: Path) -> None:
    words, endless = "whale " * 40_000, "x" * 34 * 1024**2
    path = tmp_path / "export"
    path.write_text(f'Conversation,Time,Author,Message\nA,2026-07-26T23:20:51,Human,"{words}"\nB,,AI,"{endless}')

    found, rest = ExportReader(ImportBudget(), Fingerprints()).file(path)

    assert isinstance(found, FoundConversation)
    assert [it.content for it in found.conversation.messages] == [words]
    assert isinstance(rest, Unknown)
    assert rest.why == "the rest of it cannot be read (a line of it is too long)"
