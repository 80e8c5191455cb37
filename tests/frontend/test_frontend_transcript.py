"""What the browser is told of finished messages, and to whom."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from queue import Queue
from typing import Any, cast

import pytest
from bs4 import BeautifulSoup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from chatapp.errors import NotFoundError
from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.languages.language import languages
from chatapp.frontend.markdown.blocks import split_blocks
from chatapp.frontend.markdown.plain_growth import words_behind
from chatapp.frontend.transcript import html_cache, live_blocks
from chatapp.frontend.transcript.article import Article, files_html
from chatapp.frontend.transcript.html_cache import HtmlCache, message_html
from chatapp.frontend.transcript.live_blocks import Growth, LiveBlocks
from chatapp.frontend.transcript.live_stream import live_stream
from chatapp.frontend.transcript.open_transcripts import open_transcripts
from chatapp.frontend.transcript.routes import LIVE_PATH, MOST_KEYS, MOST_READERS, PATH, PICTURE_PATH, message_routes
from chatapp.frontend.transcript.transcript import MOST_SENT, Transcript
from chatapp.protocol.events import Done, Event, Notice, Reasoning, Start, Text
from chatapp.protocol.messages import CitationPart
from chatapp.protocol.resources import AttachmentInfo
from chatapp.rendering.markdown import html_of


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


def test_why_an_answer_failed_stays_with_it_and_what_was_left_out() -> None:
    failed = replace(
        articles(2)[1].entry, status="failed", notices=("1 message was left out.",), error=NotFoundError("It is gone.")
    )
    for is_last in (False, True):  # below the last one a box says why
        shown = Article(failed, is_last=is_last).html()
        assert '<p class="note">1 message was left out.</p>' in shown
        assert ("It is gone." in shown) is not is_last


def test_thoughts_say_how_long_they_took_where_that_is_known() -> None:
    entry = articles(2)[1].entry
    said = [
        Article(replace(entry, reasoning="Hm.", usage=usage)).html()
        for usage in (None, {"thinking_ms": None}, {"thinking_ms": 12_400}, {"thinking_ms": 3})
    ]
    titles = [BeautifulSoup(html, "html.parser").select_one("summary").text for html in said]
    assert titles == ["Thoughts", "Thoughts", "Thought for 12 s", "Thought for 1 s"]


def test_pages_of_an_answer_are_links_in_their_order() -> None:
    cited = (CitationPart('https://a.example/"x'), CitationPart("https://b.example/", "<b>"))
    shown = Article(replace(articles(2)[1].entry, citations=cited)).html()
    links = [(link["href"], link["rel"], link.text) for link in BeautifulSoup(shown, "html.parser").select("li a")]
    rel = ["noopener", "noreferrer"]
    assert links == [('https://a.example/"x', rel, "a.example"), ("https://b.example/", rel, "<b>")]


def test_a_source_that_a_browser_would_run_is_no_link() -> None:
    cited = (CitationPart("javascript:void 0", "Look"), CitationPart("https://b.example/"))
    shown = Article(replace(articles(2)[1].entry, citations=cited)).html()
    found = BeautifulSoup(shown, "html.parser").select(".citations li")
    assert [(it.text, it.a and it.a["href"]) for it in found] == [("Look", None), ("b.example", "https://b.example/")]


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


def test_small_copies_of_pictures_are_told_to_whom_they_are_shown(client: TestClient, transcript: Transcript) -> None:
    def fetch(file_id: str) -> bytes:
        if file_id == "gone":
            raise NotFoundError("It is gone.")
        return b"\x89PNG"

    files = tuple(AttachmentInfo(id_, "a.png", "image/png", "image", 1) for id_ in ("shown", "gone"))
    transcript.show("a", [Article(replace(articles(1)[0].entry, files=files))])
    transcript.fetch_picture = fetch

    def told(file_id: str, token: str = transcript.token) -> tuple[int, str]:
        answer = client.get(PICTURE_PATH, params={"id": file_id}, headers={"X-Transcript": token})
        return answer.status_code, answer.headers["content-type"]

    assert told("shown") == (200, "image/png")
    assert [status for status, _ in (told("shown", "guess"), told("other"), told("gone"))] == [404] * 3


def test_a_scan_is_told_by_its_name_alone() -> None:
    files = [AttachmentInfo(it, it, it, "image", 1) for it in ("image/png", "application/pdf")]

    drawn = BeautifulSoup(files_html(files, languages()["en"]), "html.parser").select("[data-picture]")

    assert [str(image["data-picture"]) for image in drawn] == ["image/png"]


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


class Browser:
    """What `assets/transcript/live.js` makes of growths; it counts as JavaScript does."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.received = 0

    def take(self, grown: list[Growth]) -> None:
        for block, kept, html in grown:
            self.received += len(html)
            if block < 0:
                self.blocks.clear()
                continue
            before = self.blocks.pop() if block < len(self.blocks) else ""
            assert block == len(self.blocks)
            self.blocks.append(before.encode("utf-16-le")[: 2 * kept].decode("utf-16-le") + html)


CODE = "```py\nif x:\n    pass\n```"
ANSWER = (
    f"# One \N{GRINNING FACE}\n\nWords **bold**, $x^2$.\n\n{CODE}\n\n| a |\n|---|\n| \N{GRINNING FACE} |\n\nThe end."
)


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_an_answer_that_grows_is_drawn_as_its_blocks_are_and_sent_once(step: int) -> None:
    blocks, browser = LiveBlocks(clock=iter(range(10_000)).__next__), Browser()
    for end in range(0, len(ANSWER) + step, step):
        browser.take(blocks.grow(ANSWER[:end]))

    assert browser.blocks == [html_of(block, is_live=True) for block in split_blocks(ANSWER)]
    assert browser.received < 8 * len("".join(browser.blocks))


@pytest.mark.parametrize(
    ("block", "more", "grown"),
    [
        ("Here is a **list** of ", "some words.", "<p>Here is a <strong>list</strong> of some words.</p>\n"),
        ("- one\n- an", 'other "one" ', "<ul>\n<li>one</li>\n<li>another &quot;one&quot;</li>\n</ul>\n"),
        ("Two words ", " ", "<p>Two words</p>\n"),
        ("1.", " a list", None),
        ("**bold**", "er", None),
        ("http://a.example", "s", None),
        ("One ", "*two*", None),
        ("| a |\n|---|\n| b ", "c", None),
        ("```\na", "b", None),
        ("costs $5 and ", "more", None),
        ("[a]: /b 'c' ", "d", None),
        ("\N{HEBREW LETTER ALEF} ", "word", None),
    ],
    ids=repr,
)
def test_words_that_come_behind_words_are_drawn_by_themselves(block: str, more: str, grown: str | None) -> None:
    html = html_of(block, is_live=True)
    behind = words_behind(block, more, html)
    assert (behind and html[: behind[0]] + behind[1] + html[behind[0] :]) == grown
    assert grown in {None, html_of(block + more, is_live=True)}


def test_an_answer_that_has_grown_is_not_drawn_again_as_a_whole(
    client: TestClient, transcript: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"{ANSWER}\n\nNobody has drawn this."
    answer = LiveAnswer.start(iter([Start("turn", "tiny"), Text(said), Done("stop", None, 1)]))
    transcript.live = (answer,)
    client.get(LIVE_PATH, params={"name": answer.name}, headers={"X-Transcript": transcript.token})

    monkeypatch.setattr(html_cache, "html_of", lambda text, **_: pytest.fail("is drawn again"))

    assert message_html(said) == html_of(said, is_live=True)


@pytest.mark.parametrize(
    "end",
    [
        "[a]\n\n[a]: /b",
        "One[^1]\n\n[^1]: two",
        "<details>\n\nOne\n\n</details>",
        "\\begin{a}\n\nb",
        "\xa0\n\nb",
        "a$$b\n\n$$\n\nc $$",
    ],
)
def test_an_answer_whose_blocks_need_each_other_is_drawn_as_a_whole_at_its_end(end: str) -> None:
    blocks = LiveBlocks()
    blocks.grow(f"Words.\n\n{end}", is_whole=True)
    assert blocks.whole_html() is None


def test_a_long_block_is_not_drawn_again_at_every_word() -> None:
    blocks = LiveBlocks(clock=lambda: 0.0)
    assert len(blocks.grow("word " * 3000)) == 1
    assert blocks.grow("word " * 3000 + "more") == []
    assert len(blocks.grow("word " * 3000 + "more", is_whole=True)) == 1


def test_what_was_held_back_is_drawn_when_no_more_comes() -> None:
    blocks, browser = LiveBlocks(clock=iter(range(10)).__next__), Browser()
    browser.take(blocks.grow("It is\n\n42"))
    assert browser.blocks == ["<p>It is</p>\n"]
    browser.take(blocks.grow("It is\n\n42", is_whole=True))
    assert browser.blocks == ["<p>It is</p>\n<p>42</p>\n"]


def test_footnotes_are_drawn_before_all_of_them_are_there() -> None:
    blocks, browser = LiveBlocks(clock=iter(range(10)).__next__), Browser()
    browser.take(blocks.grow("One.[^2]\n\nTwo."))
    assert '">2</button></sup>' in browser.blocks[0]
    browser.take(blocks.grow("One.[^2]\n\nTwo.\n\n[^2]: A source"))
    assert '<ol><li tabindex="-1">A source</li></ol>' in browser.blocks[1]


def test_what_turns_out_to_be_thought_leaves_the_answer() -> None:
    blocks, browser = LiveBlocks(clock=iter(range(10)).__next__), Browser()
    browser.take(blocks.grow("First thought.\n\nSecond thought."))
    browser.take(blocks.grow(""))
    browser.take(blocks.grow("The answer."))
    assert browser.blocks == ["<p>The answer.</p>\n"]


def test_an_answer_in_the_making_is_streamed_to_its_session_alone(client: TestClient, transcript: Transcript) -> None:
    answer = LiveAnswer.start(
        iter([Start("turn", "tiny"), Reasoning("Hm."), Text("Once *upon*"), Done("stop", None, None)])
    )
    while answer.is_going:
        answer.wait(0.1)
    transcript.live = (answer,)
    headers = {"X-Transcript": transcript.token}

    told = client.get(LIVE_PATH, params={"name": answer.name}, headers=headers)

    events = [json.loads(event.removeprefix("data: ")) for event in told.text.strip().split("\n\n")]
    assert events[1].pop("thought_s") >= 1
    assert events[1] == {"thoughts": [[0, 0, "<p>Hm.</p>\n"]], "text": [[0, 0, "<p>Once <em>upon</em></p>\n"]]}
    assert told.headers["content-type"].startswith("text/event-stream")
    assert client.get(LIVE_PATH, params={"name": "another"}, headers=headers).status_code == 404
    assert client.get(LIVE_PATH, params={"name": answer.name}).status_code == 404


def test_that_a_browser_has_the_first_word_is_known(client: TestClient, transcript: Transcript) -> None:
    goes_on = threading.Event()

    def events() -> Iterator[Event]:
        yield Text("Once")
        goes_on.wait(10)
        yield Done("stop", None, 1)

    answer = LiveAnswer.start(events())
    while not answer.has_spoken:
        answer.wait(0.1)
    assert not answer.wait_told(0)
    transcript.live = (answer,)
    url, headers = f"{LIVE_PATH}?name={answer.name}", {"X-Transcript": transcript.token}
    threading.Thread(target=client.get, args=(url,), kwargs={"headers": headers}, daemon=True).start()

    assert answer.wait_told(10)
    assert answer.is_going
    goes_on.set()


def test_an_answer_that_was_over_before_the_browser_asked_is_streamed_to_it(
    client: TestClient, transcript: Transcript
) -> None:
    answer = LiveAnswer.start(iter([Start("turn", "tiny"), Text("Yes."), Done("stop", None, None)]))
    while answer.is_going:
        answer.wait(0.1)
    transcript.live = (answer,)
    transcript.live = ()

    told = client.get(LIVE_PATH, params={"name": answer.name}, headers={"X-Transcript": transcript.token})

    assert (told.status_code, "<p>Yes.</p>" in told.text) == (200, True)


def test_what_the_backend_says_of_an_answer_in_the_making_is_in_the_language_of_its_reader(
    client: TestClient, transcript: Transcript
) -> None:
    def events() -> Iterator[Event]:
        yield Notice("model_failed_over", "a did not answer: the model fell silent. b is asked instead.")
        raise NotFoundError("There is no such conversation.", hint="Ask again.")

    answer = LiveAnswer.start(events())
    while answer.is_going:
        answer.wait(0.1)
    transcript.live, transcript.words = (answer,), languages()["de"]

    told = client.get(LIVE_PATH, params={"name": answer.name}, headers={"X-Transcript": transcript.token}).text

    assert "a hat nicht geantwortet: Das Modell ist verstummt. Stattdessen wird b gefragt." in told
    assert "Diese Unterhaltung gibt es nicht. Noch einmal fragen." in told


def test_an_answer_in_the_making_is_read_so_many_times_at_most(client: TestClient, transcript: Transcript) -> None:
    answer = LiveAnswer.start(iter([Start("turn", "tiny"), Text("Once"), Done("stop", None, None)]))
    transcript.live = (answer,)

    async def status_beside(readers: int) -> int:
        with ExitStack() as stack:
            for _ in range(readers):
                stack.enter_context(answer.watched(lambda: None))
            url, headers = f"{LIVE_PATH}?name={answer.name}", {"X-Transcript": transcript.token}
            return (await asyncio.to_thread(client.get, url, headers=headers)).status_code

    assert [asyncio.run(status_beside(readers)) for readers in (MOST_READERS, MOST_READERS - 1)] == [429, 200]


def test_readers_who_ask_in_the_same_moment_are_as_many_at_most(client: TestClient, transcript: Transcript) -> None:
    answer = LiveAnswer.start(iter([Start("turn", "tiny"), Text("Once"), Done("stop", None, None)]))
    transcript.live = (answer,)
    query, token = f"name={answer.name}".encode(), transcript.token.encode()
    asked = Request({"type": "http", "query_string": query, "headers": [(b"x-transcript", token)]})
    (live,) = (route.endpoint for route in cast(Any, client.app).routes if route.path == LIVE_PATH)

    async def statuses() -> list[int]:
        responses = [await live(asked) for _ in range(MOST_READERS + 1)]
        return [response.status_code for response in responses]

    assert asyncio.run(statuses()) == [200] * MOST_READERS + [429]


def test_what_grows_is_drawn_beside_the_event_loop_that_serves_all_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing: list[threading.Thread] = []

    def noted(text: str, *, is_live: bool) -> str:
        drawing.append(threading.current_thread())
        return html_of(text, is_live=is_live)

    async def read(answer: LiveAnswer) -> list[bytes]:
        return [event async for event in live_stream(answer)]

    monkeypatch.setattr(live_blocks, "html_of", noted)
    asyncio.run(read(LiveAnswer.start(iter([Start("turn", "tiny"), Text("Once"), Done("stop", None, None)]))))

    assert drawing
    assert threading.current_thread() not in drawing


def test_a_reader_is_told_of_each_growth_and_of_the_end_when_it_comes() -> None:
    said: Queue[Event] = Queue()

    def events() -> Iterator[Event]:
        yield from iter(said.get, None)

    async def read() -> list[str]:
        stream = live_stream(LiveAnswer.start(events()))
        told = [(await anext(stream)).decode()]
        for word in ("One", " two", " three"):
            said.put(Text(word))
            told.append((await anext(stream)).decode())
        said.put(Done("stop", None, None))
        return [*told, *[event.decode() async for event in stream]]

    started, one, two, three, ended = asyncio.run(asyncio.wait_for(read(), 10))  # signs of life are 15 s apart

    assert "elapsed_s" in started
    assert ["One" in one, " two" in two, " three" in three, "ended" in ended] == [True] * 4
