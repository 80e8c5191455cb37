"""Conversations of programs that keep trees, or messages that stand in a file by themselves.

Cline's sessions, Copilot CLI's, gptme's, pi's and shell-gpt's lines are as Cline 3.0.65, Copilot CLI 1.0.102, gptme
0.35.1, pi 1.6.0 and shell-gpt 1.5.1 have written them, Gemini CLI's as 0.61.0 has.
Others have the form of their sources: Cherry Studio's `types/newMessage.ts` and `BackupService.ts`, llama.cpp's
`types/database.d.ts`, SillyTavern 1.19's `script.js`, Cline's `ExtensionMessage.ts`, Jan's `thread.message`, NextChat's
`store/chat.ts`, LobeChat's `types/exportConfig.ts`, text-generation-webui's `chat.py`, VS Code's
`chatSessionOperationLog.ts` and `objectMutationLog.ts`; Qwen Chat's that which two readers of its exports take it for.
"""

import json
from typing import Any

Json = dict[str, Any]

WHEN = 1_780_000_000_000


def _text(text: str) -> list[Json]:
    return [{"type": "text", "text": text}]


CLINE: Json = {
    "version": 1,
    "agent": "lead",
    "sessionId": "s",
    "messages": [
        {"id": "1", "role": "user", "content": _text('<user_input mode="act">Why?</user_input>'), "ts": WHEN},
        {
            "id": "2",
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "Hm."}, *_text("So."), {"type": "tool_use", "name": "x"}],
            "modelInfo": {"id": "m", "provider": "p"},
            "metrics": {"inputTokens": 7, "outputTokens": 5},
        },
        {"id": "3", "role": "user", "content": [{"type": "tool_result", "content": "x"}]},
    ],
    "system_prompt": "You are Cline.",
}
CLINE_TASK: list[Json] = [
    {"ts": WHEN, "type": "say", "say": "text", "text": "Why?", "images": []},
    {"ts": WHEN + 1, "type": "say", "say": "api_req_started", "text": '{"request": "x"}'},
    {"ts": WHEN + 2, "type": "say", "say": "reasoning", "text": "Hm."},
    {"ts": WHEN + 3, "type": "ask", "ask": "tool", "text": '{"tool": "readFile"}'},
    {"ts": WHEN + 4, "type": "say", "say": "completion_result", "text": "So.", "modelInfo": {"modelId": "m"}},
    {"ts": WHEN + 5, "type": "ask", "ask": "completion_result", "text": ""},
]
CLINE_HISTORY: list[Json] = [
    {"role": "user", "content": [*_text("<task>\nWhy?\n</task>"), *_text("<environment_details>\nx")], "ts": WHEN},
    {"role": "assistant", "content": [{"type": "reasoning", "text": "Hm."}, *_text("So.")]},
]
GPTME: list[Json] = [
    {"role": "system", "content": "You are gptme.", "timestamp": "2026-05-28T20:26:40.1", "pinned": True, "hide": True},
    {"role": "user", "content": "Why?", "timestamp": "2026-05-28T20:26:40"},
    {"role": "assistant", "content": "<think>Hm.</think>So.", "metadata": {"model": "m", "usage": {"input_tokens": 7}}},
    {"role": "user", "content": "<system>No tool call detected in last message.</system>"},
]
SHELL_GPT: list[Json] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Why?"},
    {"role": "assistant", "content": "So."},
]
JAN: list[Json] = [
    {
        "object": "thread.message",
        "id": role,
        "thread_id": "t",
        "role": role,
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "created_at": WHEN,
    }
    for role, text in (("user", "Why?"), ("assistant", "<think>Hm.</think>So."))
]
SILLY_TAVERN: list[Json] = [
    {"user_name": "unused", "character_name": "unused", "chat_metadata": {"integrity": "i"}},
    {"name": "Ann", "is_user": True, "is_system": False, "send_date": "2026-05-28T20:26:40.000Z", "mes": "Why?"},
    {"name": "ST", "is_user": False, "is_system": True, "mes": "Help", "extra": {"type": "help"}},
    {
        "name": "T",
        "is_user": False,
        "send_date": "May 28, 2026 8:26pm",
        "mes": "So.",
        "extra": {"model": "m", "reasoning": "Hm.", "reasoning_duration": 2000},
        "swipe_id": 1,
        "swipes": ["No.", "So."],
        "swipe_info": [{"send_date": "2026-5-28 @20h 26m 41s 5ms", "extra": {"model": "n"}}, {"extra": {}}],
    },
]
_TOPIC = {"id": "t", "name": "T", "createdAt": "2026-05-28T20:26:40Z", "pinned": True}
_ASSISTANTS = {"assistants": [{"id": "a", "prompt": "Be brief.", "topics": [_TOPIC]}]}
CHERRY_STUDIO: Json = {
    "time": WHEN,
    "version": 5,
    "localStorage": {"persist:cherry-studio": json.dumps({"assistants": json.dumps(_ASSISTANTS)})},
    "indexedDB": {
        "topics": [
            {
                "id": "t",
                "messages": [
                    {"id": "1", "role": "user", "createdAt": "2026-05-28T20:26:40Z", "blocks": ["b1"]},
                    {"id": "2", "role": "assistant", "askId": "1", "model": {"id": "n"}, "blocks": ["b2"]},
                    {"id": "3", "role": "assistant", "askId": "1", "model": {"id": "m"}, "blocks": ["b3", "b4", "b5"]},
                ],
            }
        ],
        "message_blocks": [
            {"id": "b1", "messageId": "1", "type": "main_text", "content": "Why?"},
            {"id": "b2", "messageId": "2", "type": "main_text", "content": "No."},
            {"id": "b3", "messageId": "3", "type": "thinking", "content": "Hm."},
            {"id": "b4", "messageId": "3", "type": "main_text", "content": "So."},
            {"id": "b5", "messageId": "3", "type": "translation", "content": "Also."},
        ],
    },
}
LLAMA_CPP: Json = {
    "conv": {"id": "c", "name": "T", "lastModified": WHEN, "currNode": "4"},
    "messages": [
        {"id": "0", "convId": "c", "type": "root", "role": "system", "content": "", "parent": None},
        {"id": "1", "type": "text", "role": "system", "content": "Be brief.", "parent": "0"},
        {"id": "5", "type": "text", "role": "user", "content": "How?", "parent": "1", "timestamp": WHEN},
        {"id": "2", "type": "text", "role": "user", "content": "Why?", "parent": "1", "timestamp": WHEN},
        {"id": "3", "type": "text", "role": "assistant", "content": "No.", "parent": "2", "timestamp": WHEN},
        {"id": "4", "type": "text", "role": "assistant", "content": "So.", "parent": "2", "reasoningContent": "Hm."},
    ],
}
NEXT_CHAT: Json = {
    "access-control": {},
    "chat-next-web-store": {
        "sessions": [
            {
                "id": "s",
                "topic": "T",
                "messages": [
                    {"id": "1", "date": "5/28/2026, 8:26:40 PM", "role": "user", "content": "Why?"},
                    {"id": "2", "date": "5/28/2026, 8:26:41 PM", "role": "assistant", "content": "So.", "model": "m"},
                ],
                "lastUpdate": WHEN,
                "mask": {"context": []},
            }
        ]
    },
}
LOBE_CHAT: Json = {
    "exportType": "all",
    "state": {
        "messages": [
            {"id": "2", "role": "assistant", "content": "So.", "topicId": "t", "createdAt": WHEN + 1, "fromModel": "m"},
            {"id": "1", "role": "user", "content": "Why?", "topicId": "t", "createdAt": WHEN},
        ],
        "topics": [{"id": "t", "title": "T"}],
        "sessions": [],
    },
    "version": 7,
}
LOBE_CHAT["state"]["messages"][0]["reasoning"] = {"content": "Hm.", "duration": 9}
TEXT_GENERATION: Json = {"internal": [["<|BEGIN-VISIBLE-CHAT|>", "Hello"], ["Why?", "So."]], "visible": [["", "Hello"]]}

_PRINTED: Json = {"conversation_id": "c", "conversation_name": "T", "model": "m", "resolved_model": None}
_FRAGMENTS = [{"content": "A long...", "aliases": []}]
LLM_PRINTED: list[Json] = [
    {
        **_PRINTED,
        "id": "2",
        "prompt": "Why?",
        "system": "Be brief.",
        "response": "So.",
        "reasoning": "Hm.",
        "datetime_utc": "2026-11-29T16:25:07+00:00",
        "input_tokens": 3,
        "attachments": [],
    },
    {
        **_PRINTED,
        "id": "1",
        "prompt": "A long text\nExplain",
        "system": None,
        "response": "It is long.",
        "datetime_utc": "2026-11-29T16:25:05+00:00",
        "prompt_fragments": _FRAGMENTS,
        "attachments": [{"id": "f", "type": "image/png", "path": "/home/ann/p.png", "url": None, "content": None}],
    },
]
"""Of llm 0.36, which without --expand cuts fragments, and begins with the last where words are looked for."""

_ASKED: Json = {
    "requestId": "r",
    "timestamp": WHEN,
    "modelId": "m",
    "message": {"text": "Why?", "parts": []},
    "variableData": {"variables": [{"kind": "promptFile", "name": "x"}]},
    "response": [],
}
_CHAT: Json = {
    "version": 3,
    "sessionId": "s",
    "creationDate": WHEN,
    "responderUsername": "GitHub Copilot",
    "requests": [],
}
VS_CODE_LOG: list[Json] = [
    {"kind": 0, "v": _CHAT},
    {"kind": 2, "k": ["requests"], "v": [_ASKED, {**_ASKED, "requestId": "taken back"}]},
    {"kind": 2, "k": ["requests", 0, "response"], "v": [{"kind": "thinking", "value": "Hm."}, {"value": "Yes an"}]},
    {"kind": 2, "k": ["requests", 0, "response"], "v": [{"value": "So"}, {"kind": "toolInvocationSerialized"}], "i": 1},
    {"kind": 2, "k": ["requests", 0, "response"], "v": [{"value": "."}]},
    {"kind": 2, "k": ["requests"], "i": 1},
    {"kind": 1, "k": ["requests", 0, "modelState"], "v": {"value": 1}},
    {"kind": 1, "k": ["customTitle"], "v": "T"},
    {"kind": 3, "k": ["inputState"]},
]


def _line(line_id: str, above: str | None, kind: str, **fields: Any) -> Json:
    return {"type": kind, "id": line_id, "parentId": above, "timestamp": "2026-11-29T22:29:22.834Z", **fields}


PI: list[Json] = [
    {"type": "session", "version": 3, "id": "s", "timestamp": "2026-11-29T22:29:22.834Z", "cwd": "/home/ann"},
    _line("1", None, "model_change", provider="p", modelId="m"),
    _line("2", "1", "message", message={"role": "system", "content": "", "sections": {"preamble": "You are"}}),
    _line("3", "2", "message", message={"role": "user", "content": _text("Why?"), "timestamp": WHEN}),
    _line("4", "3", "message", message={"role": "assistant", "content": _text("No."), "model": "m"}),
    _line("5", "3", "message", message={
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "toolCall", "name": "bash", "arguments": {}}],
        "stopReason": "toolUse",
    }),
    _line("6", "5", "message", message={"role": "toolResult", "content": _text("x"), "toolName": "bash"}),
    _line("7", "6", "message", message={
        "role": "assistant", "content": _text("So."), "model": "m", "usage": {"input": 5, "output": 3},
        "stopReason": "stop", "timestamp": WHEN,
    }),
    _line("8", "7", "session_info", name="T"),
]  # fmt: skip
COPILOT_CLI: list[Json] = [
    _line("1", None, "session.start", data={"sessionId": "s", "version": 1, "startTime": "2026-11-29T22:31:38.795Z"}),
    _line("2", "1", "user.message", data={"content": "Why?", "transformedContent": "<current_datetime>x Why?"}),
    _line("3", "2", "system.message", data={"role": "system", "content": "You are"}),
    _line("4", "3", "assistant.message", data={"content": "Agent's", "parentToolCallId": "t", "toolRequests": []}),
    _line("5", "4", "assistant.message", data={
        "content": "So.", "model": "m", "reasoningText": "Hm.", "toolRequests": [{"name": "bash"}],
    }),
    _line("6", "5", "session.title_changed", data={"title": "T"}),
]  # fmt: skip


def _at(line_id: str, kind: str, text: str) -> Json:
    return {"id": line_id, "timestamp": "2026-11-29T22:32:03.485Z", "type": kind, "content": text}


GEMINI_CLI_REWOUND: list[Json] = [
    {"sessionId": "s", "projectHash": "h", "startTime": "2026-11-29T22:32:03.463Z", "kind": "main"},
    _at("1", "user", "How?"),
    _at("2", "gemini", "No."),
    {"$rewindTo": "1"},
    _at("3", "user", "Why?"),
    {"$set": {"lastUpdated": "2026-11-29T22:32:03.485Z"}},
    _at("4", "gemini", "So."),
]

QWEN_CHAT: Json = {
    "success": True,
    "request_id": "r",
    "data": [{
        "id": "c",
        "title": "T",
        "chat": {"history": {"currentId": "2", "messages": {
            "1": {"id": "1", "parentId": None, "role": "user", "content": "Why?", "timestamp": WHEN // 1000},
            "2": {"id": "2", "parentId": "1", "role": "assistant", "content": "", "model": "m", "content_list": [
                {"phase": "thinking_summary", "content": "", "extra": {"summary_thought": {"content": ["Hm."]}}},
                {"phase": "web_search", "content": ""},
                {"phase": "answer", "content": "So."},
            ]},
        }}},
    }],
}  # fmt: skip
