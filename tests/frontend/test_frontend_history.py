"""The list of conversations in the sidebar, without a browser: real backend, stub model."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatapp.client import BackendClient
from chatapp.errors import BackendUnreachableError, NotFoundError
from chatapp.frontend.conversations.bulk import OFFERED_S, Undo, zip_of
from chatapp.frontend.conversations.list_news import ListNews
from chatapp.frontend.conversations.session_context import SessionContext
from chatapp.frontend.conversations.stored import StoredConversation
from chatapp.frontend.session.view import View
from support import scripts
from support.pages import (
    ask,
    choose,
    click,
    click_row,
    contents,
    conversation_in,
    list_told,
    press,
    rows,
    sidebar,
    stored,
    wait_until,
)
from support.stub_model import StubModel

Open = Callable[..., AppTest]


@pytest.fixture
def page(open_page: Open, backend: Any) -> AppTest:
    return open_page(backend.url)


def headings(page: AppTest) -> list[str]:
    return [group["name"] for group in list_told(page)["groups"]]


def test_a_browser_is_told_of_the_list_only_what_it_does_not_show() -> None:
    a, b, c, changed = ({"id": name} for name in "abcd")
    news, common = ListNews(), {"menus": []}
    shown: list[Any] = []
    told: list[Any] = []

    for lines in ([a, b, c], [a, b, c], [a, changed, c], [c, a, changed], [], [b]):
        told.append(news.tell(lines, common))
        base, head, tail = (told[-1][name] for name in ("base", "head", "tail"))
        before = shown if base else []
        shown = [*before[:head], *told[-1]["lines"], *before[len(before) - tail :]]
        assert shown == lines

    assert [it["base"] for it in told] == [0, *(it["number"] for it in told[:-1])]
    assert [it["lines"] for it in told[1:4]] == [[], [changed], [c, a, changed]]
    assert ["common" in it for it in told[:2]] == [True, False]


def test_a_browser_that_has_lost_the_list_gets_all_of_it(page: AppTest) -> None:
    ask(page, "One?")
    assert list_told(page.run())["lines"] == []

    click_row(page, "all")

    assert [line["name"] for line in list_told(page)["lines"] if "group" in line] == ["Today"]
    assert list_told(page)["base"] == 0


def test_a_conversation_is_renamed(page: AppTest, client: BackendClient) -> None:
    ask(page, "One?")

    click_row(page, "rename", id=conversation_in(page), text="My *first*")

    assert rows(page) == ["My *first*"]
    assert stored(client)[0].title == "My *first*"


def test_what_is_asked_elsewhere_is_noticed(client: BackendClient) -> None:
    view, context = View(), SessionContext(client, is_streamed=True)
    view.refresh(context, query="")
    assert not view.has_new_list(context)

    client.ask("In the shell?", store=True)
    view.listing.expire()

    assert view.has_new_list(context)
    assert [item.title for item in view.listing.items] == ["In the shell?"]

    view.listing.error = BackendUnreachableError("Cannot connect to backend.")
    view.listing.expire()
    assert view.has_new_list(context)  # what could not be had for a while, though nothing in it has changed


def test_what_is_known_of_a_conversation_can_be_drawn_while_the_backend_is_asked(client: BackendClient) -> None:
    view, context = View(), SessionContext(client, is_streamed=True)
    view.show_stored(str(client.ask("One?", store=True).conversation_id))
    assert view.conversation.ask_for_news(context) is None  # nothing is known of it
    view.refresh(context, query="")

    told = view.conversation.ask_for_news(context)
    assert told is not None
    assert not view.load_conversation(context, told)

    client.ask("Two?", conversation_id=view.conversation_id)
    assert view.load_conversation(context, view.conversation.ask_for_news(context))
    assert [message["content"] for message in view.conversation.messages][2::2] == ["Two?"]

    view.conversation.apply(view.conversation.chat_options._replace(system="Be brief."), context)
    assert view.conversation.ask_for_news(context) is None  # it has changed

    view.refresh(context, query="")
    client.conversations.delete(str(view.conversation_id))
    assert view.load_conversation(context, view.conversation.ask_for_news(context))
    assert (view.conversation_id, type(view.error)) == (None, NotFoundError)


def test_a_pinned_conversation_stands_above_the_others(page: AppTest) -> None:
    ask(page, "One?")
    pinned = conversation_in(page)
    ask(click(page, "new-chat"), "Two?")

    choose(page, pinned, "Pin")

    assert (rows(page), headings(page)) == (["One?", "Two?"], ["Pinned", "Today"])


def test_what_can_be_taken_back_is_offered_until_its_reader_goes_on(page: AppTest, client: BackendClient) -> None:
    ask(page, "One?")
    choose(page, conversation_in(page), "Delete")
    client.ask("Two?", store=True)
    wait_until(lambda: rows(page.run()) == ["Two?"])
    assert "undo" in [button.key for button in page.button]

    press(page, "open-")

    assert "undo" not in [button.key for button in page.button]
    assert Undo("Deleted", {}, done_at=-OFFERED_S).is_over


def test_a_deleted_conversation_can_be_taken_back(page: AppTest, client: BackendClient) -> None:
    ask(page, "One?")
    deleted = conversation_in(page)

    choose(page, deleted, "Delete")
    assert (rows(page), contents(page), stored(client)) == ([], [], [])
    assert "c" not in page.query_params
    click(page, "undo")

    assert rows(page) == ["One?"]
    assert contents(press(page, "open-"))[0] == ("user", "One?")


def test_the_search_looks_into_answers(page: AppTest, client: BackendClient, stub: StubModel) -> None:
    stub.next(scripts.answer("A palindrome reads the same backwards."))
    client.ask("Words?", store=True)
    client.ask("Something else?", store=True)

    wait_until(lambda: len(rows(page.run())) == 2)
    page.text_input(key="search").set_value("palindrome").run()

    assert rows(page) == ["Words?"]
    assert list_told(page)["groups"][0]["rows"][0]["snippet"] == [
        ["A ", False],
        ["palindrome", True],
        [" reads the same backwards.", False],
    ]


def test_an_archived_conversation_leaves_the_list_and_comes_back(page: AppTest, client: BackendClient) -> None:
    ask(page, "One?")
    archived = conversation_in(page)

    choose(page, archived, "Archive")
    assert rows(page) == []
    assert rows(click(page, "archive")) == ["One?"]
    choose(page, archived, "Back to the list")
    assert rows(page) == []
    click(page, "undo")
    assert rows(page) == ["One?"]
    choose(page, archived, "Back to the list")

    assert rows(click(page, "archive-close")) == ["One?"]
    assert contents(page)[0] == ("user", "One?")


def test_a_new_chat_stands_in_the_list_and_not_beside_the_archive(page: AppTest, client: BackendClient) -> None:
    ask(page, "One?")
    choose(page, conversation_in(page), "Archive")
    assert rows(click(page, "archive")) == ["One?"]

    click(page, "new-chat")
    assert rows(page) == []
    ask(page, "Two?")
    assert rows(page) == ["Two?"]


def test_lists_wait_for_an_answer_and_then_hold_its_conversation(stub: StubModel, client: BackendClient) -> None:
    stub.default = scripts.answer("One ", scripts.silence)
    view, context = View(), SessionContext(client, is_streamed=True)
    view.refresh(context, query="")
    view.send("Why?", context)
    answer = view.conversation.live
    assert answer is not None
    answer.wait(10)

    view.refresh(context, query="")
    before = [item.title for item in view.listing.items]
    view.refresh_lists(context, "")

    assert (before, [item.title for item in view.listing.items]) == ([], ["Why?"])
    assert not view.is_unlisted()
    early = View()  # whose list was told between the beginning and the question
    early.conversation = view.conversation
    early.listing.items = [item._replace(title=None) for item in view.listing.items]
    assert early.is_unlisted()
    answer.stop()


def test_a_question_that_was_asked_while_nothing_could_be_loaded_stays_behind_what_is_there(
    client: BackendClient,
) -> None:
    conversation = StoredConversation(client.ask("One?", store=True).conversation_id)
    with scripts.closed_port() as url, BackendClient(url, timeout_s=10) as absent:
        context = SessionContext(absent, is_streamed=True)
        conversation.send("Two?", context)
        assert conversation.live is not None
        conversation.live.wait(10)
        conversation.finish(context)

    conversation.refresh(SessionContext(client, is_streamed=True))

    assert [entry.content for entry in conversation.entries] == ["One?", "Hello from the stub.", "Two?"]
    assert conversation.unasked == "Two?"


def test_a_conversation_can_be_deleted_while_its_first_answer_is_made(stub: StubModel, client: BackendClient) -> None:
    stub.default = scripts.answer("One ", scripts.silence)
    view, context = View(), SessionContext(client, is_streamed=True)
    view.send("Why?", context)
    answer = view.conversation.live
    assert answer is not None
    answer.wait(10)
    view.show_stored(str(answer.conversation_id))
    assert view.conversation.live is answer, "a click on what is on show has changed it"

    view.do_to([str(answer.conversation_id)], "Deleted", context)
    view.refresh(context, query="")

    assert (view.conversation.id, view.conversation.entries, view.error) == (None, [], None)


@pytest.mark.parametrize("what", ["chosen-delete", "chosen-archive"])
def test_several_conversations_go_at_once_and_come_back_at_once(
    what: str, page: AppTest, client: BackendClient
) -> None:
    ids = [str(client.ask(f"Number {number}?", store=True).conversation_id) for number in range(3)]
    wait_until(lambda: len(rows(page.run())) == 3)

    choose(page, ids[0], "Choose several")
    click_row(page, "toggle", id=ids[2])
    click(page, what)

    assert rows(page) == ["Number 1?"]
    assert ": 2 conversations" in sidebar(page)
    assert rows(click(page, "undo")) == ["Number 2?", "Number 1?", "Number 0?"]


def test_what_could_not_be_taken_back_can_be_tried_again(client: BackendClient) -> None:
    ids = [str(client.ask(f"Number {number}?", store=True).conversation_id) for number in range(2)]
    view, context = View(), SessionContext(client, is_streamed=True)
    view.refresh(context, query="")
    view.do_to(ids, "Deleted", context)
    with BackendClient("http://127.0.0.1:1") as unreachable, pytest.raises(BackendUnreachableError):
        view.undo(SessionContext(unreachable, is_streamed=True))
    assert view.listing.undo is not None
    assert view.listing.undo.sentence() == "Deleted: 2 conversations"

    view.undo(context)

    assert (len(stored(client)), view.listing.undo) == (2, None)


def test_of_what_was_taken_back_in_part_the_rest_is_left() -> None:
    undo = Undo("Archived", {"a": "One", "b": "Two", "c": "Three"})
    left = undo.without(["a"])
    assert left is not None
    assert left.sentence() == "Archived: 2 conversations"
    assert undo.without(["a", "b", "c"]) is None


def test_chosen_conversations_are_taken_along_with_their_files(run_backend: Callable[..., Any]) -> None:
    backend = run_backend(api_keys="ada:ada-key,bob:bob-key")
    ada, bob = (BackendClient(backend.url, api_key=f"{name}-key") for name in ("ada", "bob"))
    sea = ada.attach(BytesIO(b"The sea is salty."), name="sea.txt")
    chosen, other = (
        str(ada.ask(it, attachments=[sea.id], store=True).conversation_id) for it in ("Chosen?", "Another?")
    )
    bobs = str(bob.ask("Of bob?", store=True).conversation_id)

    file = zip_of(ada, (chosen, bobs))

    with zipfile.ZipFile(BytesIO(file)) as archive:
        told = archive.read("conversations.json").decode()
        assert [name in told for name in (chosen, other, bobs)] == [True, False, False]
        assert archive.read(f"files/{sea.id[:16]}/sea.txt") == b"The sea is salty."
    receipt = bob.conversations.import_file(BytesIO(file))
    assert (receipt.conversations_added, receipt.skipped) == (1, ())


def landed_on(page: AppTest) -> str:
    """Return the id of the message that a search has led to."""
    marks = [element.proto.body for element in page.main.get("html") if 'class="landing"' in element.proto.body]
    return marks[0].partition('data-message="')[2].partition('"')[0]


def test_hits_are_gone_through_in_a_conversation_and_on_in_the_next(
    page: AppTest, client: BackendClient, stub: StubModel
) -> None:
    stub.default = scripts.answer("Yes.")
    old = str(client.ask("An early zebra?", store=True).conversation_id)
    new = str(client.ask("One zebra?", store=True).conversation_id)
    for prompt in ("Nothing?", "Another ZEBRA?", "Nothing?"):
        client.ask(prompt, conversation_id=new)
    ids = [item.id for item in client.conversations.messages(new).items if "zebra" in item.content.lower()]
    ids += [client.conversations.messages(old).items[0].id]
    wait_until(lambda: len(rows(page.run())) == 2)
    page.text_input(key="search").set_value("zebra").run()

    place = [landed_on(press(page, "open-", place=0))]
    place += [landed_on(click(page, key)) for key in ["hit-earlier", "hit-earlier", "hit-earlier", "hit-later"]]

    assert place == [ids[1], ids[0], ids[2], ids[2], ids[1]]
    assert "zebra · 2 of 2" in [caption.value for caption in page.caption]
    assert "hit-later" not in [button.key for button in click(page, "hit-close").button]


def test_hits_are_gone_through_in_all_branches(page: AppTest, client: BackendClient, stub: StubModel) -> None:
    stub.default = scripts.answer("Yes.")
    asked = str(client.ask("One zebra?", store=True).conversation_id)
    client.ask("A zebra that was edited?", conversation_id=asked)
    first, answer, edited, _ = (item.id for item in client.conversations.messages(asked).items)
    client.ask("The zebra instead?", conversation_id=asked, parent_id=answer)
    latest = client.conversations.messages(asked).items[-2].id
    wait_until(lambda: len(rows(page.run())) == 1)
    page.text_input(key="search").set_value("zebra").run()

    press(page, "open-", place=0)
    on_show = [(landed_on(click(page, key)), contents(page)[-2][1]) for key in ["hit-earlier", "hit-earlier"]]

    assert on_show == [(edited, "A zebra that was edited?"), (first, "A zebra that was edited?")]
    assert "zebra · 1 of 3" in [caption.value for caption in page.caption]
    assert [landed_on(click(page, "hit-later")) for _ in range(2)] == [edited, latest]
    assert contents(page)[-2] == ("user", "The zebra instead?")


def test_an_address_leads_to_a_message(open_page: Open, backend: Any, client: BackendClient) -> None:
    conversation = str(client.ask("One?", store=True).conversation_id)
    message = client.conversations.messages(conversation).items[0].id

    page = open_page(backend.url, query={"c": conversation, "m": message})

    assert landed_on(page) == message


def test_a_new_chat_ends_the_search(page: AppTest) -> None:
    ask(page, "One?")
    page.text_input(key="search").set_value("zebra").run()
    page.button(key="new-chat").click().run()
    assert page.text_input(key="search").value == ""


def test_a_search_without_a_hit_says_so(page: AppTest) -> None:
    ask(page, "One?")

    page.text_input(key="search").set_value("zebra").run()

    assert rows(page) == []
    assert "No conversation has these words." in [caption.value for caption in page.sidebar.caption]


def test_the_list_grows_page_by_page(page: AppTest, client: BackendClient) -> None:
    for number in range(35):
        client.conversations.begin(title=f"Number {number}")
    wait_until(lambda: len(rows(page.run())) == 30)

    assert list_told(page)["has_more"]
    click_row(page, "more")

    assert len(rows(page)) == 35
    assert not list_told(page)["has_more"]
