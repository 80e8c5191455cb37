"""What the browser is told of settled messages, and to whom."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.transcript.article import Article
from chatapp.frontend.transcript.html_cache import HtmlCache
from chatapp.frontend.transcript.open_transcripts import open_transcripts
from chatapp.frontend.transcript.routes import MOST_KEYS, PATH, message_routes
from chatapp.frontend.transcript.transcript import MOST_SENT, Transcript


def articles(count: int) -> list[Article]:
    roles: Any = ("user", "assistant")
    messages = [
        {"role": roles[place % 2], "content": f"Words {place}", "timestamp": "12:00:00"} for place in range(count)
    ]
    return [Article(DisplayMessage(message, id=str(place))) for place, message in enumerate(messages)]  # type: ignore[arg-type]


def told(news: dict[str, Any]) -> tuple[int, int, int]:
    return news["head"], len(news["keys"]), news["tail"]


def test_only_what_changes_is_told() -> None:
    transcript, shown = Transcript("session"), articles(1000)
    first = transcript.show("a", shown[500:999])
    assert (told(first), len(first["bodies"])) == ((0, 499, 0), MOST_SENT)
    again = transcript.show("a", shown[500:999])
    assert (told(again), again["base"], again["bodies"]) == ((499, 0, 0), first["version"], {})

    more = transcript.show("a", shown[500:])
    assert (told(more), more["base"], len(more["bodies"])) == ((499, 1, 0), first["version"], 1)
    assert told(transcript.show("a", shown)) == (0, 500, 500)
    shown[900] = Article(replace(shown[900].entry, siblings=("900", "x")))
    assert told(transcript.show("a", shown)) == (900, 1, 99)
    assert told(transcript.show("b", shown)) == (0, 1000, 0)


def test_equal_messages_that_were_loaded_again_are_not_told_again() -> None:
    transcript = Transcript("session")
    first = transcript.show("a", articles(3))
    again = transcript.show("a", articles(3))
    assert (told(again), again["version"], again["bodies"]) == ((3, 0, 0), first["version"], {})


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=message_routes(lambda session_id: session_id == "admitted")))


@pytest.fixture
def transcript() -> Transcript:
    transcript = Transcript("admitted")
    open_transcripts()[transcript.token] = transcript
    transcript.show("a", articles(30))
    return transcript


def test_messages_are_fetched_by_their_keys(client: TestClient, transcript: Transcript) -> None:
    listing = client.get(PATH, headers={"X-Transcript": transcript.token})
    keys = listing.json()["keys"]
    assert (len(keys), listing.headers["cache-control"]) == (30, "no-store")

    bodies = client.post(PATH, json=[keys[3], "gone"], headers={"X-Transcript": transcript.token}).json()

    assert list(bodies) == [keys[3]]
    assert "Words 3" in bodies[keys[3]]


def test_nobody_else_gets_messages(client: TestClient, transcript: Transcript) -> None:
    outside = Transcript("signed out")
    open_transcripts()[outside.token] = outside
    for headers in ({}, {"X-Transcript": ""}, {"X-Transcript": "guess"}, {"X-Transcript": outside.token}):
        assert client.get(PATH, headers=headers).status_code == 404
        assert client.post(PATH, json=[], headers=headers).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff", b"[" * 8000, b'["a"]' + b" " * 9000], ids=repr)
def test_what_is_no_list_of_keys_is_refused(body: bytes, client: TestClient, transcript: Transcript) -> None:
    assert client.post(PATH, content=body, headers={"X-Transcript": transcript.token}).status_code == 422
    many = client.post(PATH, json=["x"] * (MOST_KEYS + 1), headers={"X-Transcript": transcript.token})
    assert many.status_code == 422


def test_html_that_was_used_last_is_kept() -> None:
    made: list[str] = []
    cache = HtmlCache(lambda text: made.append(text) or text * 10, max_chars=25)  # type: ignore[func-returns-value]
    for text in ("a", "b", "a", "c", "a", "b"):
        assert cache.html(text) == text * 10
    assert made == ["a", "b", "c", "b"]
