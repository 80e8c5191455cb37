"""Thoughts that models write into their text, between the tags of each, and the answer behind them."""

import pytest

from backend.models.test_spoken_answers import STOP, Heard, heard, said, sse
from chatapp.backend.models.chat_model import Batch
from chatapp.backend.models.openai.answer_text import AnswerText
from chatapp.protocol.events import Text

THOUGHTS = [
    ("<THINK>", "</THINK>"),
    ("<thoughts>", "</thoughts>"),
    ("<longcat_think>", "</longcat_think>"),
    ("<unused94>thought", "<unused95>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>\n<|begin_of_solution|>"),
    ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    ("<think>", "</think>\n<answer>\n"),
    ("<think>a</think>\n<think>", "</think>"),
    ("[unused16]", "[unused17]"),
    ("<reflection>", "</reflection>"),
    ("<thinking>a</thinking>\n<reflection>", "</reflection>"),
    ("<mm:think>", "</mm:think>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|think|>", "<|end|><|begin|>assistant<|content|>"),
    ("<|think:start|>", "<|think:end|>"),
    ("<|plamo:begin_think:plamo|>", "<|plamo:end_think:plamo|>"),
    ("<|open|>think<|sep|>", "<|close|>think<|sep|><|open|>response<|sep|>"),
    ("<think>", "</think>\n\n<response>\n"),
]


@pytest.mark.parametrize(("opening", "closing"), THOUGHTS)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_thoughts_are_kept_apart_between_whichever_tags(opening: str, closing: str, size: int) -> None:
    text = f"\n{opening}\nhm{closing}Hi < all"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]

    answer = heard(sse(*map(said, pieces), STOP))

    assert answer.text == "Hi < all"
    assert answer.thought.strip() in {"hm", "ahm"}


@pytest.mark.parametrize(
    ("opening", "around"),
    [
        ("<think>", ("</think><answer>", "</answer>")),
        ("<think>", ("</think>\n<response>\n", "</response>\n")),
        ("<|START_THINKING|>", ("<|END_THINKING|><|START_RESPONSE|>", "<|END_RESPONSE|>\n")),
        ("<|open|>think<|sep|>", ("<|close|>think<|sep|><|open|>response<|sep|>", "<|close|>response<|sep|>")),
        (
            "<|open|>think<|sep|>",
            ("<|close|>think<|sep|><|open|>response<|sep|>", "<|close|>response<|sep|><|close|>message<|sep|>"),
        ),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_ends_an_answer_behind_thoughts_is_not_of_it(opening: str, around: tuple[str, str], size: int) -> None:
    text = f"{opening}hm{around[0]}a </b> c{around[1]}"

    answer = heard(sse(*(said(text[at : at + size]) for at in range(0, len(text), size)), STOP))

    assert (answer.text, answer.thought) == ("a </b> c", "hm")


FINAL = "<|channel|>final<|message|>"
"""What gpt-oss writes before an answer, as servers without a parser for it pass on: ml-explore/mlx-lm#1867."""


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    ("thought", "mark"),
    [
        ("", FINAL),
        ("", f"<|start|>assistant{FINAL}"),
        ("hm", FINAL),
        ("hm", f"<|end|><|start|>assistant{FINAL}"),
        ("hm", "\n</think>\n\n"),
        ("hm", "[/THINK]"),
    ],
)
def test_a_mark_that_is_left_before_the_answer_is_not_of_it(thought: str, mark: str, size: int) -> None:
    text = f"{mark}Hi < all{'<|return|>' if mark.endswith(FINAL) else ''}"
    pieces = [said(text[at : at + size]) for at in range(0, len(text), size)]

    assert heard(sse(*[said(reasoning_content=thought)][: len(thought)], *pieces, STOP)) == Heard(
        "Hi < all", thought, "stop"
    )


@pytest.mark.parametrize(
    "text", ["\n\nHi", "<answer>\nHi\n</answer>", "`</think>` ends it", "</thinking is hard", "<|chan"]
)
def test_what_only_begins_as_a_mark_does_is_of_the_answer(text: str) -> None:
    pieces = map(said, text)

    assert heard(sse(said(reasoning_content="hm"), *pieces, STOP)) == Heard(text, "hm", "stop")


@pytest.mark.parametrize(
    "tag",
    [
        "</thought>",
        "</thinking>",
        "</longcat_think>",
        "</mm:think>",
        "<|inner_suffix|>",
        "<|think:end|>",
        "<|close|>think<|sep|>",
    ],
)
def test_what_ends_thoughts_that_began_in_the_prompt_is_known(tag: str) -> None:
    answer = heard(sse(said("hm\n"), said(tag[:4]), said(tag[4:]), said("\n\nHi"), STOP))

    assert (answer.text, answer.thought) == ("Hi", "hm\n")


@pytest.mark.parametrize(
    "around",
    [
        ("</think>\n\n<response>\n", "</response>\n"),
        ("<|close|>think<|sep|><|open|>response<|sep|>", "<|close|>response<|sep|>"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_stands_around_an_answer_is_known_also_where_thoughts_began_in_the_prompt(
    around: tuple[str, str], size: int
) -> None:
    text = f"hm.\n{around[0]}a <b> c{around[1]}"

    answer = heard(sse(*(said(text[at : at + size]) for at in range(0, len(text), size)), STOP))

    assert (answer.text, answer.thought) == ("a <b> c", "hm.\n")


@pytest.mark.parametrize(
    "pieces", [["It is <b>", "```", "\n", "</think>", "\n```\nSo."], ["It ", "ends with `", "</think>", "\n`."]]
)
def test_a_tag_that_is_talked_about_is_of_the_answer_also_word_by_word(pieces: list[str]) -> None:
    answer = heard(sse(*map(said, [*pieces, " Yes."]), STOP))

    assert (answer.text, answer.thought) == ("".join(pieces) + " Yes.", "")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>", "</think>"),
        ("<mm:think>", "</mm:think>"),
        ("<|inner_prefix|>", "<|inner_suffix|>"),
        ("<|think:start|>", "<|think:end|>"),
        ("<|open|>think<|sep|>", "<|close|>think<|sep|>"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_a_text_about_both_tags_is_of_the_answer(opening: str, closing: str, size: int) -> None:
    text = f"Thoughts begin with {opening} and end with\n{closing}\n\nThen it answers."

    answer = heard(sse(*(said(text[at : at + size]) for at in range(0, len(text), size)), STOP))

    assert (answer.text, answer.thought) == (text, "")


def test_a_sentence_before_a_tag_that_stands_alone_counts_also_word_by_word() -> None:
    answer = heard(sse(said("So"), said("."), said("</think>"), said("Hi"), STOP))

    assert (answer.text, answer.thought) == ("Hi", "So.")


def test_a_tag_behind_a_stop_string_says_nothing_of_the_answer_before_it() -> None:
    batch, text = Batch(), AnswerText(stop=["END"])
    text.add_piece(Text, "Hi. END.\n</think>\n\nHo.", batch)

    assert list(batch.deltas()) == [Text("Hi. ")]


CUT_ANYWHERE = [
    "The tag <think> opens.\n</think>\nends it.",
    "a\n<think>b</think>\nc",
    "Hello.\n```py\nx\n```\n</think>\nHi",
    "It is <b>\n```\nx\n</think>\n```\nSo.",
    "hm.\n</think>`ls` lists END x",
    "hm </think>\n\nHi",
    "It is `</think>` that ends.",
    "<think>hm</think>\n<answer>y</answer>z</answer>\n",
    "<think>hm</think>\n<response>y</answer>z</response>\n",
    "<|open|>think<|sep|>hm<|close|>think<|sep|><|open|>response<|sep|>y < z<|close|>response<|sep|>",
    "hm.\n<|close|>think<|sep|>y <|close|> z",
    "In code:\n```\n<|inner_suffix|>\n```\nSo.",
    '\n<think n="3">hm</think >\n\n<think>x</think>Hi END x',
]


@pytest.mark.parametrize("answer", CUT_ANYWHERE)
def test_an_answer_is_the_same_wherever_the_server_cuts_it(answer: str) -> None:
    in_two = ([answer[:at], answer[at:]] for at in range(1, len(answer)))

    assert len({_sorted(pieces) for pieces in ([answer], list(answer), *in_two)}) == 1


def _sorted(pieces: list[str]) -> tuple[str, ...]:
    batch, text = Batch(), AnswerText(stop=["END"])
    for piece in pieces:
        if not (text.is_cut or text.add_plain(piece, batch)):
            text.add_piece(Text, piece, batch)
    text.give_up_held(batch)
    return tuple(map(repr, batch.deltas()))
