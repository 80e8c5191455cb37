"""What OpenAI's clients ask is remembered as conversations, unless they or the settings say otherwise."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
import requests
from openai import OpenAI

from chatapp.backend.gateway.asides import is_aside
from chatapp.backend.gateway.held import HeldMessages
from chatapp.client.chat import StoredChat
from chatapp.protocol.messages import Message, TextPart, ToolCallPart, ToolResultPart
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import wait_for

RunBackend = Callable[..., RunningBackend]
DOCUMENTS = "### Task:\nRespond to the user query using the provided context, incorporating inline citations "
QUESTION: Any = [{"role": "user", "content": "Why?"}]


@pytest.fixture
def client(backend: RunningBackend) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{backend.url}/v1", api_key="none", max_retries=0, timeout=10) as client:
        yield client


def conversations(backend: RunningBackend) -> list[Any]:
    return list(backend.client.conversations.page().items)


def messages(backend: RunningBackend, number: int = 0) -> list[Any]:
    return list(backend.client.conversations.messages(conversations(backend)[number].id).items)


def test_a_chat_is_one_conversation_in_the_list_of_all(backend: RunningBackend, client: OpenAI) -> None:
    asked: Any = [{"role": "system", "content": "Be brief."}]
    for number, is_streamed in enumerate([False, True, False]):
        asked += [{"role": "user", "content": f"Question {number}"}]
        if is_streamed:
            with client.chat.completions.stream(model="stub-model", messages=asked) as stream:
                answer = stream.get_final_completion().choices[0].message
        else:
            answer = client.chat.completions.create(model="stub-model", messages=asked).choices[0].message
        asked += [answer.model_dump()]
        asked[0]["content"] += " It is later."
    (conversation,) = conversations(backend)
    assert (conversation.source, conversation.client, conversation.title) == ("v1", "OpenAI/Python", "Question 0")
    assert backend.client.conversations.get(conversation.id).system == "Be brief."
    said = [(message.role, message.content) for message in messages(backend)]
    assert said == [(message["role"], message["content"]) for message in asked[1:]]


@pytest.mark.parametrize("tag", ["system-reminder", "current_datetime"])
def test_what_an_agent_reminds_the_model_of_is_no_part_of_a_question(
    backend: RunningBackend, client: OpenAI, tag: str
) -> None:
    asked: Any = []
    for number in range(2):
        reminder = f"<{tag}>\nIt is {number} o'clock.\n</{tag}>\n"
        parts = [{"type": "text", "text": text} for text in (reminder * 2, f"Question {number}")]
        answer = client.chat.completions.create(model="m", messages=[*asked, {"role": "user", "content": parts}])
        asked += [{"role": "user", "content": f"{reminder}Question {number}"}, answer.choices[0].message]
    (conversation,) = conversations(backend)
    assert conversation.title == "Question 0"
    assert [message.content for message in messages(backend)][::2] == ["Question 0", "Question 1"]


def test_what_a_client_has_found_for_a_question_is_no_part_of_it(backend: RunningBackend, client: OpenAI) -> None:
    found = f'{DOCUMENTS}<context>\n<source id="1">Rain.\n</context>\nStill.</source>\n</context>\n\n'
    asked: Any = []
    for number in range(2):
        words = f"Question {number}"
        answer = client.chat.completions.create(
            model="m", messages=[*asked, {"role": "user", "content": found + words}]
        )
        asked += [{"role": "user", "content": words}, answer.choices[0].message]
    assert [conversation.title for conversation in conversations(backend)] == ["Question 0"]
    assert [message.content for message in messages(backend)][::2] == ["Question 0", "Question 1"]


SETUP = "This is the Qwen Code. We are setting up the context for our chat.\nToday's date is {}."


def test_what_an_agent_tells_of_its_folder_and_day_is_no_part_of_a_conversation(
    backend: RunningBackend, client: OpenAI
) -> None:
    asked: Any = []
    for day in ("Saturday", "Sunday"):
        setup = [{"type": "text", "text": SETUP.format(day)}]
        greeting = {"role": "assistant", "content": "Got it. Thanks for the context!"}
        asked += [{"role": "user", "content": f"Why {day}?"}]
        wire: Any = [{"role": "user", "content": setup}, greeting, *asked]
        asked += [client.chat.completions.create(model="m", messages=wire).choices[0].message]
    assert [message.content for message in messages(backend)][::2] == ["Why Saturday?", "Why Sunday?"]


def test_what_aider_tells_of_files_is_no_part_of_a_conversation(backend: RunningBackend, client: OpenAI) -> None:
    """Version 0.86.2 tells of its files behind all that was said, as they are by now, and of its map before that."""
    asked: Any = []
    for number, question in enumerate(("Fix it.", "Why was it wrong?")):
        repository = f"Here are summaries of some files present in my git repository.\nsum{number}.py\n"
        files = f"I have *added these files to the chat* so you can go ahead and edit them.\n\nadd{number}.py\n"
        exchanges = [
            (repository, "Ok, I won't try and edit those files without asking first."),
            (files, "Ok, any changes I propose will be to those files."),
        ]
        (told_map, told_files) = [
            [{"role": "user", "content": told}, {"role": "assistant", "content": reply}] for told, reply in exchanges
        ]
        reminded = {"role": "user", "content": f"{question}\n\nTo suggest changes, use *SEARCH/REPLACE blocks*."}
        wire: Any = [*told_map, *asked, *told_files, reminded]
        answer = client.chat.completions.create(model="m", messages=wire).choices[0].message
        updates = [{"role": "user", "content": "I updated the files."}, {"role": "assistant", "content": "Ok."}]
        asked += [{"role": "user", "content": question}, answer, *updates]
    (conversation,) = conversations(backend)
    assert conversation.title == "Fix it."
    said = [message.content.partition("\n")[0] for message in messages(backend)]
    assert said[::2] == ["Fix it.", "I updated the files.", "Why was it wrong?"]


def test_the_run_of_an_agent_is_kept_with_its_calls_and_their_results(
    backend: RunningBackend, client: OpenAI, stub: StubModel
) -> None:
    stub.next(scripts.answer("Let me see.", scripts.tool_call(), finish="tool_calls"), scripts.answer("Rain."))
    asked: Any = [*QUESTION]
    called = client.chat.completions.create(model="m", messages=asked).choices[0].message.model_dump(exclude_none=True)
    function = called["tool_calls"][0]["function"]
    function["arguments"] = json.dumps(json.loads(function["arguments"]), indent=1)  # as many clients do
    asked += [called, {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "9 mm"}]}]
    client.chat.completions.create(model="m", messages=asked)
    said = {message.role: message.parts for message in messages(backend)[1:3]}
    call = ToolCallPart("call_1", "get_weather", '{"city":"Paris"}')
    assert said == {"assistant": (TextPart("Let me see."), call), "tool": (ToolResultPart("call_1", "9 mm"),)}
    assert [message.content for message in messages(backend)] == ["Why?", "Let me see.", "", "Rain."]


def test_what_a_client_has_begun_goes_on_here(backend: RunningBackend, client: OpenAI, stub: StubModel) -> None:
    stub.next(scripts.answer(scripts.tool_call(), finish="tool_calls"))
    client.chat.completions.create(model="m", messages=QUESTION)
    (conversation,) = conversations(backend)
    chat = StoredChat(backend.client, conversation_id=conversation.id)
    list(chat.ask("And in short?"))
    assert [message.content for message in messages(backend)] == ["Why?", "", "And in short?", "Hello from the stub."]
    assert [message["content"] for message in stub.calls[-1].body["messages"]] == ["Why?\n\nAnd in short?"]


@pytest.mark.parametrize(
    ("settings", "headers", "body"),
    [
        ({"gateway_store": False}, {}, {"store": True}),
        ({}, {"X-Chatapp-Store": "false"}, {}),
        ({}, {}, {"store": False}),
    ],
    ids=["GATEWAY_STORE", "header", "body"],
)
def test_nothing_is_kept_where_somebody_wants_it_so(
    run_backend: RunBackend, settings: Any, headers: dict[str, str], body: dict[str, Any]
) -> None:
    backend = run_backend(**settings)
    url = f"{backend.url}/v1/chat/completions"
    answer = requests.post(url, json={"messages": QUESTION, **body}, headers=headers, timeout=10)
    assert answer.status_code == 200
    assert conversations(backend) == []


OPEN_WEBUI = """### Task:
{}
### Guidelines:
- Keep it short.
### Chat History:
<chat_history>
USER: Why?
ASSISTANT: Because.
</chat_history>"""


@pytest.mark.parametrize(
    ("said", "is_kept"),
    [
        (["Generate a title for this conversation:\n", "Why?"], False),
        ([OPEN_WEBUI.format("Generate a concise title summarizing the chat history.")], False),
        ([OPEN_WEBUI.format("Suggest 3-5 relevant follow-up questions.")], False),
        ([f"{DOCUMENTS}\n<context>\na\n</context>\n\nWhy?"], True),
        ([f"{DOCUMENTS}\n<context>\n<chat_history>\n</context>\n\nWhy?"], True),
        (["Provide a concise, 5-word-or-less title for the conversation, using title case conventions. Only"], False),
        (["Analyze this conversation and provide:\n1. The detected language of the conversation\n2. A"], False),
        (["Your task: Create a 2-4 word title for this conversation.\n\nRules:\n- Respond"], False),
        (["Why?", "", "Managed memory directory: `/a/memory`\n\nScan the recent"], False),
        (
            ["Why?", "", "Managed memory has TWO directories. Choose which one to write each memory into using the"],
            False,
        ),
        (["Your task is to reflect the speaker's likely facial expression through a fitting emoji. Interpret"], False),
        (
            ['You have been provided with a set of responses from various models to the latest user query: "Why?"'],
            False,
        ),
        (["### Task:\nSummarize the conversation history.\n\n### Messages Being Compacted:\nUSER: Why?"], False),
        (["### Task:\nYou are an autocompletion system.\n### Context:\n<chat_history>\nUSER: Why?"], False),
        (["Why?", "", "Review the conversation above and update the skill library. Be ACTIVE"], False),
        (["Review the conversation above and say what is missing"], True),
        (["Please say 'hello, world'"], False),
        (["Please say 'hello, world' in Latin"], True),
        (["Generate a title for this conversation:\n", "Because.", "Why?"], True),
        (["What does 'Generate a title for this conversation:\n' mean?"], True),
    ],
)
def test_what_a_client_asks_for_itself_is_answered_and_not_kept(said: list[str], is_kept: bool) -> None:
    others = [{"role": "assistant", "content": said[1]}] if len(said) == 3 else []
    asked = [{"role": "user", "content": [{"type": "text", "text": text}]} for text in said]
    assert is_aside([*asked[:1], *others, *asked[-1:]] if others else asked) is not is_kept


TOOLS = 'Available Tools: [{"name": "a"}]\n\nYour task is to choose and return the correct tool(s) from the list of all'
SUMMARIZER = "You are an expert content summarizer.\nYou take a conversation and generate a simple title"


@pytest.mark.parametrize(
    ("told", "is_kept"),
    [
        (
            "\n - you will generate a short title based on a conversation transcript between a user and an assistant\n",
            False,
        ),
        (f"\n# IDENTITY and PURPOSE\n\n{SUMMARIZER}", False),
        ("Please provide a suitable name for this conversation in maximum 5 words. Remember", False),
        (
            "You are a Memory Manager that is responsible for managing information and preferences about the user. ",
            False,
        ),
        (
            "Analyze the following conversation between a user and an assistant, and extract the following details:\n",
            False,
        ),
        ("\n\n# ROLE\n\nYou are a Memory Extractor \u2014 a precise, evidence-bound processor responsible", False),
        (
            "Generate a short, descriptive title (3-7 words) for a conversation that starts with the following "
            "exchange. The title should",
            False,
        ),
        (TOOLS, False),
        ("Available Tools: [none]", True),
        (SUMMARIZER, True),
    ],
)
def test_what_a_client_asks_for_itself_is_known_by_its_instructions_too(told: str, is_kept: bool) -> None:
    assert is_aside([{"role": "system", "content": told}, {"role": "user", "content": "Why?"}]) is not is_kept


@pytest.mark.parametrize(("question", "is_kept"), [("Managed memory directory: `/a`", False), ("Why?", True)])
def test_what_a_client_asks_for_itself_is_not_kept_while_it_calls_tools(question: str, is_kept: bool) -> None:
    said = ["Why?", "Because.", question, "", "rain"]
    roles = ["user", "assistant", "user", "assistant", "tool"]
    assert is_aside([{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]) is not is_kept


def test_the_title_that_a_client_asks_for_is_no_conversation(backend: RunningBackend, client: OpenAI) -> None:
    for words in (["Generate a title for this conversation:\n", "Why?"], ["Why?"]):
        asked: Any = [{"role": "user", "content": text} for text in words]
        assert client.chat.completions.create(model="m", messages=asked).choices[0].message.content
    assert [conversation.title for conversation in conversations(backend)] == ["Why?"]


@pytest.mark.parametrize("script", [scripts.status(500), scripts.answer(scripts.hang_up)], ids=["refused", "broken"])
def test_a_call_that_fails_before_a_word_is_no_conversation(
    backend: RunningBackend, client: OpenAI, stub: StubModel, script: scripts.Script
) -> None:
    stub.default = script
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="m", messages=QUESTION)
    assert conversations(backend) == []
    wait_for(lambda: backend.client.usage().total.failures)  # the ledger has it


def test_an_answer_ends_with_its_client_and_is_kept_as_far_as_it_came(
    backend: RunningBackend, client: OpenAI, stub: StubModel
) -> None:
    stub.next(scripts.answer("one", scripts.endless(" two", every_s=0.01)))
    with client.chat.completions.create(model="m", messages=QUESTION, stream=True) as stream:
        for _ in range(3):
            next(stream)
    assert stub.calls[-1].wait_until_left(timeout_s=3)
    wait_for(lambda: conversations(backend))  # which is saved behind that, with its answer
    assert messages(backend)[-1].status == "stopped"
    assert messages(backend)[-1].content.startswith("one")


def test_an_answer_goes_on_without_its_client_where_that_was_asked_for(
    backend: RunningBackend, client: OpenAI, stub: StubModel
) -> None:
    stub.next(scripts.answer("one", 0.3, " two"))
    in_background = {"X-Chatapp-Background": "true"}
    wanted: Any = {"model": "m", "messages": QUESTION, "stream": True, "extra_headers": in_background}
    with client.chat.completions.create(**wanted) as stream:
        next(stream)
    wait_for(lambda: messages(backend)[-1].status == "complete")
    assert messages(backend)[-1].content == "one two"


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"User-Agent": "opencode/1.17.4 ai-sdk/provider-utils/3.0 runtime/bun/1.2"}, "opencode"),
        ({"User-Agent": "OpenAI/Python 3.57.0"}, "OpenAI/Python"),
        ({"User-Agent": "ai-sdk/openai-compatible/1.0.3"}, "ai-sdk/openai-compatible"),
        ({"User-Agent": "OpenAI/Python 3.57.0", "X-Title": "Aider"}, "Aider"),
        ({"User-Agent": "OpenAI/JS 7.59.0", "X-OpenRouter-Title": "Continue"}, "Continue"),
        ({"User-Agent": "Mozilla/5.0 (X11) Chrome/156.0", "Origin": "http://localhost:3000"}, "localhost:3000"),
        ({"User-Agent": ""}, None),
    ],
)
def test_a_conversation_says_which_program_has_begun_it(
    backend: RunningBackend, headers: dict[str, str], name: str | None
) -> None:
    requests.post(f"{backend.url}/v1/chat/completions", json={"messages": QUESTION}, headers=headers, timeout=10)
    assert [conversation.client for conversation in conversations(backend)] == [name]


def test_a_question_that_cannot_be_kept_is_answered(backend: RunningBackend, client: OpenAI) -> None:
    backend.app.state.store.close()
    for file in backend.app.state.settings.data_dir.glob("chatapp.db*"):
        file.unlink()
    assert client.chat.completions.create(model="stub-model", messages=QUESTION).choices[0].message.content


def test_a_call_of_the_older_kind_is_found_again() -> None:
    first = HeldMessages(QUESTION)
    first.hashes(0)
    answered = first.hash_behind(Message("assistant", (ToolCallPart("", "f", '{"a":1}'),)))

    call = {"name": "f", "arguments": '{"a": 1}'}
    again = HeldMessages([*QUESTION, {"role": "assistant", "content": None, "function_call": call}])

    assert again.hashes(0)[-1] == answered
    assert again.messages(1)[0].parts == (ToolCallPart("", "f", '{"a": 1}'),)
