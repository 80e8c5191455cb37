"""What messages are made of beyond their text: kept in order, searched by their text, and no burden to plain ones."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chatapp.backend.store import BegunTurn, Store
from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.store.merging import add_all
from chatapp.backend.store.parts import answer_columns, columns_of, parts_of
from chatapp.protocol.messages import (
    AttachmentPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    parts_as_json,
    parts_from_json,
)
from support.saved_turns import finish_turn, save_turn

Ask = Callable[..., BegunTurn]

SEGMENTS = [["start", 1], ["reasoning", 2], ["text", 3], ["notice", 1, "n", "N"], ["text", 1], ["reasoning", 3]]
PARTS = (ReasoningPart("Hm"), TextPart("One."), ReasoningPart("Hm?"), TextPart(" Two"))
FILE = AttachmentPart("sea.pdf", "application/pdf", size=5, content_id="ab" * 32)
CALL, RESULT = ToolCallPart("c1", "tide", '{"at": "noon"}'), ToolResultPart("c1", "rising", is_error=True)

texts = st.text(max_size=5)
parts = st.lists(
    st.one_of(
        st.builds(TextPart, texts),
        st.builds(ReasoningPart, texts),
        st.builds(AttachmentPart, texts, texts, st.none() | st.integers(min_value=0)),
        st.builds(ToolCallPart, texts, texts, texts),
        st.builds(ToolResultPart, texts, texts, st.booleans()),
    )
).map(tuple)


def bring(store: Store, *messages: tuple[str, tuple[Part, ...]]) -> str:
    """Return the id of a conversation in which one message follows the other."""
    line = [
        ImportedMessage(
            id=f"m{number}", parent_id=f"m{number - 1}" if number else None, role=role, content="", parts=it
        )
        for number, (role, it) in enumerate(messages)
    ]
    with store.database.write() as connection:
        add_all(
            connection, [(ImportedConversation(source="test", id="x", title="X", messages=line), None)], owner="ada"
        )
    (conversation,) = store.conversations.page(owner="ada").items
    return conversation.id


def rows_with_parts(store: Store) -> int | None:
    with store.database.read() as connection:
        return connection.scalar(text("SELECT count(*) FROM messages WHERE parts IS NOT NULL"))


@settings(deadline=None)  # a busy machine takes its time for the first
@given(parts)
def test_parts_come_back_as_they_went_in(given_parts: tuple[Part, ...]) -> None:
    said = [part for part in given_parts if getattr(part, "text", " ") or isinstance(part, ToolResultPart)]
    assert list(parts_of(**columns_of(given_parts))) == said
    assert parts_from_json(parts_as_json(given_parts)) == given_parts


@pytest.mark.parametrize("content", ["", "said"])
@pytest.mark.parametrize("reasoning", ["", "thought"])
def test_plain_messages_need_no_parts_in_their_row(content: str, reasoning: str) -> None:
    assert columns_of(parts_of(content, reasoning, None)) == {"content": content, "reasoning": reasoning, "parts": None}


def test_kinds_and_fields_of_a_newer_version_are_passed_over() -> None:
    told = [{"type": "hologram", "text": "x"}, {"type": "text", "text": "said", "language": "en"}]
    assert parts_from_json(told) == (TextPart("said"),)


def test_answer_with_thoughts_between_its_words_keeps_their_order(
    begin: Ask, store: Store, second_store: Store
) -> None:
    begun = begin("One?")
    segments = [*SEGMENTS, ["text", 4], ["done", 1]]
    finish_turn(store, begun.turn_id, status="complete", text="One. Two", reasoning="HmHm?", segments=segments)
    (question, answer) = second_store.messages.page(begun.conversation_id, owner="ada").items
    assert question.parts == (TextPart("One?"),)
    assert (answer.parts, answer.content, answer.reasoning) == (PARTS, "One. Two", "HmHm?")


def test_interrupted_answer_keeps_its_order(begin: Ask, store: Store) -> None:
    begun = begin("One?")
    save_turn(store, begun.turn_id, text="One.", reasoning="HmHm?", segments=SEGMENTS)
    streaming = store.messages.page(begun.conversation_id, owner="ada").items[-1]
    store.turns.interrupt_orphans(silent_s=-1)
    answer = store.messages.page(begun.conversation_id, owner="ada").items[-1]
    assert streaming.parts == (ReasoningPart("HmHm?"), TextPart("One."))
    assert answer.parts == PARTS[:3]


def test_usual_answers_leave_the_column_empty(begin: Ask, ask: Ask, store: Store) -> None:
    begun = begin("One?")
    segments = [["start", 1], ["reasoning", 2], ["text", 4], ["done", 1]]
    finish_turn(store, begun.turn_id, status="complete", text="One.", reasoning="Hm", segments=segments)
    ask("Two?", "Two.", conversation_id=begun.conversation_id)
    assert rows_with_parts(store) == 0


def test_no_word_is_lost_where_the_order_is_not_known_to_its_end() -> None:
    columns = answer_columns([["text", 3], ["reasoning", 1], ["text", 1]], text="One two", reasoning="Hmm")
    assert (columns["content"], columns["reasoning"]) == ("One two", "Hmm")


def test_messages_with_files_and_tools_are_kept_whole_and_found_by_their_text(store: Store) -> None:
    said = (TextPart("Read the almanac."), FILE)
    worked = (ReasoningPart("Hm"), TextPart("Looking."), CALL)
    conversation_id = bring(store, ("user", said), ("assistant", worked), ("tool", (RESULT,)))
    kept = store.messages.page(conversation_id, owner="ada").items
    assert [(message.role, message.parts) for message in kept] == [
        ("user", said),
        ("assistant", worked),
        ("tool", (RESULT,)),
    ]
    (found,) = store.search.find("almanac", owner="ada").items
    assert found.message_id == kept[0].id


def test_history_holds_every_part_but_reasoning(begin: Ask, store: Store) -> None:
    worked = (ReasoningPart("Hm"), TextPart("Looking."), CALL)
    silent = (ReasoningPart("Only thought."),)
    conversation_id = bring(store, ("user", (FILE,)), ("assistant", worked), ("tool", (RESULT,)), ("assistant", silent))
    assert begin("And now?", conversation_id=conversation_id).history == [
        Message("user", (FILE,)),
        Message("assistant", worked[1:]),
        Message("tool", (RESULT,)),
    ]


def test_text_that_no_database_holds_is_replaced_in_parts_too(store: Store) -> None:
    conversation_id = bring(store, ("user", (TextPart("a\0b\ud800c"), AttachmentPart("n\0\ud800"))))
    (message,) = store.messages.page(conversation_id, owner="ada").items
    assert message.content == "a\ufffdb?c"
    assert message.parts == (TextPart("a\ufffdb?c"), AttachmentPart("n\ufffd?"))
