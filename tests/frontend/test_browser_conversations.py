"""Conversations in a real browser: nothing is lost and nothing is asked twice, whatever a person clicks."""

import threading
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from chatapp.client import BackendClient
from chatapp.config.prompts import prompts_folder
from support import scripts
from support.stub_model import StubModel

pytest.importorskip("selenium")

from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from support.browsing import Page, needs_browser

pytestmark = needs_browser


@pytest.fixture(scope="module")
def saved() -> Path:
    """A saved prompt, where the page looks for them: in the folder of all tests."""
    file = prompts_folder() / "translate.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("---\nabout: Into another language\n---\nTranslate into {{language}}: {{input}}")
    return file


MISSING_A_CHANGE = """
const done = arguments[0], asked = [], parentElement = document.createElement("div");
const line = (title) => ({ id: title, title, when: 0 });
const common = { menus: [[]], texts: { more: "", more_conversations: "", name: "", save: "", cancel: "" } };
const about = { common, language: "en", current: null, busy: [], chosen: null, has_more: false };
const group = { group: "today", name: "Today" };
const script = performance.getEntriesByType("resource").find(({ name }) => /rows\\.[^/]*js/.test(name)).name;
import(script).then(({ default: draw }) => {
  const setTriggerValue = (_, what) => asked.push(what.do);
  const take = (data) => draw({ data: { ...about, ...data }, parentElement, setTriggerValue });
  const titles = () => [...parentElement.querySelectorAll(".row [title] p")].map((it) => it.textContent);
  take({ base: 0, number: 1, head: 0, lines: [group, line("Seen")], tail: 0 });
  for (let time = 0; time < 2; time++) take({ base: 2, number: 3, head: 2, lines: [line("Other")], tail: 0 });
  const missed = titles();
  take({ base: 0, number: 4, head: 0, lines: [group, line("Seen"), line("Missed")], tail: 0 });
  done([missed, asked, titles()]);
});
"""

ANOTHER_SIGNS_IN = """
const done = arguments[0], parentElement = document.createElement("div");
const script = performance.getEntriesByType("resource").find(({ name }) => /transcript\\.[^/]*js/.test(name)).name;
import(script).then(({ default: draw }) => {
  const told = { base: "", head: 0, tail: 0, live: [], shown: "one" };
  const take = (token, version, keys, bodies) => {
    draw({ data: { ...told, token, version, keys, bodies }, parentElement, setTriggerValue() {} });
    return parentElement.textContent;
  };
  const secret = { key: "<p>A secret of Ann</p>" };
  done([take("ann", "1", ["key"], secret), take("ann", "2", [], {}), take("ann", "3", ["key"], {}),
        take("bob", "4", [], {}), take("bob", "5", ["key"], {})]);
});
"""

ANSWERED_AT_ONCE = """
const done = arguments[0], parentElement = document.body.appendChild(document.createElement("div"));
const script = performance.getEntriesByType("resource").find(({ name }) => /transcript\\.[^/]*js/.test(name)).name;
import(script).then(({ default: draw }) => {
  const told = { base: "", head: 0, tail: 0, live: [], shown: "one", token: "ann" };
  const take = (key) => draw({
    data: { ...told, version: key, keys: [key], bodies: { [key]: `<p data-id="${key}"><button data-do=regenerate>` } },
    parentElement, setTriggerValue() {},
  });
  const at = ({ activeElement: { dataset } }) => dataset.do ?? dataset.testid;
  take("first");
  parentElement.querySelector("button").focus();
  const before = at(document);
  take("second");
  const after = at(document);
  parentElement.remove();
  done([before, after]);
});
"""

COPIES = """
const done = arguments[0];
const script = performance.getEntriesByType("resource").find(({ name }) => /welcome\\.[^/]*js/.test(name))?.name;
if (script) import(script).then(({ welcomes }) => done(welcomes.size));
else done(0);
"""

CLICKED_TOO_EARLY = """
const done = arguments[0], parentElement = document.createElement("div"), heard = [];
const script = performance.getEntriesByType("resource").find(({ name }) => /transcript\\.[^/]*js/.test(name)).name;
parentElement.innerHTML = `<div class="st-key-above"><div class="st-key-welcome">
  <h1 id="first">First</h1><div class="st-key-add-model"><button></button></div></div></div>`;
document.body.prepend(parentElement);
parentElement.querySelector("button").onclick = () => heard.push("clicked");
import(script).then(async ({ default: draw }) => {
  const about = { base: "", head: 0, tail: 0, live: [], shown: "one", keys: [], bodies: {} };
  let wish;
  const setTriggerValue = (_, what) => { wish = what.name; };
  const told = (token) => ({ ...about, token, version: "1", opened: wish });
  const take = (token) => draw({ data: told(token), parentElement, setTriggerValue });
  const choose = (detail) => document.dispatchEvent(new CustomEvent("chatapp:open", { detail, cancelable: true }));
  const copy = () => parentElement.querySelector(".growing .st-key-welcome");
  const look = (language) => {
    document.documentElement.lang = language;
    choose(null);
    heard.push(copy()?.querySelector("h1").outerHTML);
    return copy();
  };
  take("ann");
  await new Promise((resolve) => setTimeout(resolve, 600));
  look("en").querySelector("button").click();
  take("ann");
  look("en").querySelector("button").click();
  choose("one");
  take("ann");
  look("de");
  take("bob");
  look("en");
  done(heard);
});
"""


@pytest.fixture
def client(shared: Any, model: StubModel) -> BackendClient:
    model.default = scripts.answer("Hello", " from", " the", " stub", ".")
    model.listing = scripts.listing("stub-model", "large")
    model.requests.clear()
    for item in shared.client.conversations.page(limit=200).items:
        shared.client.conversations.delete(item.id)
    return shared.client


@pytest.fixture
def page(browser: Chrome, saved: Path, page_port: int, client: BackendClient) -> Page:
    page = Page(browser, page_port)
    page.open()
    return page


@pytest.fixture
def goes_on(model: StubModel) -> threading.Event:
    """An answer that is half made until this event."""
    event = threading.Event()
    model.next(scripts.answer("Once ", scripts.until(event), "upon a time."))
    return event


def conversation_in(page: Page) -> str:
    """Return the id in the page's address, once it has one."""
    return page.wait_until(lambda driver: driver.current_url.partition("?c=")[2], "an address")


def test_another_model_chosen_during_the_first_answer_gives_the_next(
    page: Page, model: StubModel, goes_on: threading.Event
) -> None:
    page.ask("A story, please")
    page.wait_for_answer("Once")

    page.click("chat-options")
    page.wait_for("[class*='st-key-own-model-'] input").click()
    page.wait_for("[role='option']", "large").click()
    page.wait_for(".st-key-chat-options button", "large")
    goes_on.set()
    page.wait_for_answer("Once upon a time.")
    page.ask("Another one")

    page.wait_for_answer("Hello from the stub.")
    assert [call.body["model"] for call in model.calls] == ["stub-model", "large"]


def test_a_reload_in_the_middle_of_an_answer_finds_all_of_it(
    page: Page, model: StubModel, goes_on: threading.Event
) -> None:
    page.ask("A story, please")
    page.wait_for_answer("Once")

    page.driver.refresh()
    page.wait_for_answer("Once")
    goes_on.set()

    page.wait_for_answer("Once upon a time.")
    assert model.hits == 1


def test_a_second_tab_shows_the_same_answer_growing(page: Page, model: StubModel, goes_on: threading.Event) -> None:
    page.ask("A story, please")
    page.wait_for_answer("Once")
    first, address = page.driver.current_window_handle, f"?c={conversation_in(page)}"

    page.driver.switch_to.new_window("tab")
    try:
        page.open(query=address)
        page.wait_for_answer("Once")
        goes_on.set()
        page.wait_for_answer("Once upon a time.")
    finally:
        page.driver.close()
        page.driver.switch_to.window(first)

    page.wait_for_answer("Once upon a time.")
    assert model.hits == 1


def test_an_answer_goes_on_while_another_conversation_is_on_show(
    page: Page, model: StubModel, client: BackendClient, goes_on: threading.Event
) -> None:
    page.ask("A story, please")
    page.wait_for_answer("Once")
    story = conversation_in(page)

    page.click("new-chat")
    page.wait_for(".st-key-welcome")
    goes_on.set()
    page.click(f"open-{story}")

    page.wait_for_answer("Once upon a time.")
    assert model.hits == 1


def test_an_answer_that_one_comes_back_to_is_read_on_where_it_was(page: Page, goes_on: threading.Event) -> None:
    page.ask("A story, please")
    page.wait_for_answer("Once")
    page.wait_for("[class*='st-key-open-']", "A story, please")
    page.click("new-chat")
    page.wait_for(".st-key-welcome")
    page.run("""
      const fetched = fetch, waiting = new Promise((resolve) => { window.letThrough = resolve; });
      window.fetch = async (url, ...rest) => {
        if (String(url).includes("app/live")) await waiting;
        return fetched(url, ...rest);
      };
    """)

    page.wait_for("[class*='st-key-open-'] button", "A story, please").click()

    page.wait_for_answer("Once")
    goes_on.set()
    page.run("letThrough()")
    page.wait_for_answer("Once upon a time.")


def test_an_answer_is_asked_for_as_events_alone(page: Page, goes_on: threading.Event) -> None:
    """As jupyter-server-proxy 4.6.0 passes them on: findings/jupyter_server_proxy_holds_streams_of_openai."""
    page.run("""
      const fetched = fetch;
      window.fetch = (url, told) => {
        if (String(url).includes("app/live")) window.accepted = told.headers.Accept;
        return fetched(url, told);
      };
    """)
    page.ask("A story, please")
    page.wait_for_answer("Once")
    goes_on.set()

    assert page.run("return window.accepted") == "text/event-stream"


def test_an_answer_in_the_making_is_there_before_the_server_answers(page: Page, goes_on: threading.Event) -> None:
    page.ask("A story, please")
    story = conversation_in(page)
    page.wait_for_answer("Once")
    page.wait_for(f".st-key-open-{story}")
    page.click("new-chat")
    page.wait_for(".st-key-welcome")
    page.wait_until(lambda _: not page.run("return document.querySelector('[class*=\"st-key-live-\"]')"), "a new chat")
    page.wait_for(f".st-key-open-{story} button")
    words = "return [...document.querySelectorAll('.live .said')].map((it) => it.textContent.trim()).join()"

    assert page.run(f"document.querySelector('.st-key-open-{story} button').click(); {words}") == "Once"
    page.wait_until(
        lambda _: page.run("return document.querySelector('[class*=\"st-key-live-\"] .said')"), "the answer"
    )
    page.wait_until(lambda _: page.run(words) == "Once", "it alone")
    goes_on.set()

    page.wait_for_answer("Once upon a time.")
    page.wait_until(lambda _: not page.run("return document.querySelector('.live')"), "it finished")


def test_a_new_chat_is_there_before_the_server_answers(page: Page) -> None:
    """It stands where it is drawn then; a click in it is not lost."""
    place = "return document.querySelector('.st-key-welcome h1').getBoundingClientRect().top"
    page.wait_until(lambda driver: driver.execute_async_script(COPIES), "a copy of the first one")
    page.ask("One?")
    page.wait_for_answer("Hello from the stub.")
    opened = f".st-key-open-{conversation_in(page)} button"
    page.wait_until(lambda _: not page.run("return document.querySelector('.live, .st-key-welcome')"), "it alone")
    click = "document.querySelector('.st-key-new-chat button').click()"
    foreseen = page.run(f"{click}; {place}")
    page.wait_until(lambda _: not page.run("return document.querySelector('.growing .st-key-welcome')"), "what is told")
    page.wait_for(".st-key-welcome .st-key-suggestion-3 button")
    assert page.run(place) == pytest.approx(foreseen, abs=1)
    page.wait_for(opened).click()
    page.wait_until(
        lambda _: not page.run("return document.querySelector('.st-key-welcome')"), "nothing to click twice"
    )
    page.wait_for_answer("Hello from the stub.")
    both = [".st-key-new-chat", ".growing .st-key-suggestion-0"]
    page.run(f"for (const it of {both}) document.querySelector(`${{it}} button`).click()")
    page.wait_for("article.question", "rainbow")
    page.wait_until(lambda _: not page.run("return document.querySelector('.live, .st-key-welcome')"), "it alone")
    page.run(f"{click}; document.querySelector('.growing .st-key-suggestion-2 button').focus()")
    drawn = "return document.activeElement.closest('.st-key-above .st-key-suggestion-2') !== null"
    page.wait_until(lambda _: page.run(drawn), "the same suggestion focused")


def test_two_clicks_on_go_on_ask_once(page: Page, model: StubModel) -> None:
    goes_on = threading.Event()
    model.next(scripts.answer("Once upon", finish="length"), scripts.answer("a ", scripts.until(goes_on), "time."))
    page.ask("A story")
    page.wait_for(".st-key-go-on button")
    asked = model.hits
    page.run("const it = document.querySelector('.st-key-go-on button'); it.click(); setTimeout(() => it.click(), 10)")
    page.wait_for_answer("a")
    goes_on.set()
    page.wait_for_answer("a time.")
    page.wait_until(lambda _: not page.run("return document.querySelector('.live, .st-key-queued')"), "it alone")
    assert model.hits == asked + 1


def test_a_click_does_not_wait_for_a_summary_that_is_made(page: Page, model: StubModel) -> None:
    ends = threading.Event()
    for count, prompt in enumerate(("One?", "Two?"), start=1):
        page.ask(prompt)
        finished = f"return document.querySelectorAll('article.answer').length === {count}"
        page.wait_until(lambda _, finished=finished: page.run(finished), "an answer")
    page.wait_for(".st-key-summarise")
    model.next(scripts.answer(scripts.until(ends), "A summary."))
    show = "const it = document.querySelector('.st-key-summarise'); it.style.display = 'block'"
    click = "const button = it.querySelector('button'); button.focus(); button.click()"
    assert page.run(f"{show}; {click}; return document.activeElement.matches('textarea')")
    page.wait_until(lambda _: page.run("return document.querySelector('.st-key-summarise :disabled')"), "a summary")

    page.click("settings-open")

    page.wait_for(".st-key-use_streaming")
    ends.set()


def test_what_is_typed_goes_to_the_box_or_the_field_that_was_opened(page: Page, model: StubModel) -> None:
    def focused(words: str, in_what: str) -> None:
        script = "const it = document.activeElement; return it.matches(arguments[0]) && it.value === arguments[1]"
        page.wait_until(lambda driver: driver.execute_script(script, in_what, words), f"{in_what} with {words!r}")

    focused("", "[data-testid='stChatInputTextArea']")
    page.ask("Who are yuo?")
    page.wait_for(".transcript .answer", "Hello from the stub.")  # until it has settled the question is drawn anew
    page.run("document.querySelector('.transcript .edit').click()")
    focused("Who are yuo?", "textarea")
    page.driver.switch_to.active_element.send_keys(" Hm." + Keys.ESCAPE)
    focused("", "[data-testid='stChatInputTextArea']")
    assert model.hits == 1
    page.run("document.querySelector('.transcript .edit').click()")
    focused("Who are yuo?", "textarea")
    page.driver.switch_to.active_element.send_keys(Keys.BACKSPACE * 4 + "you?" + Keys.CONTROL + Keys.ENTER)
    page.wait_for("[aria-label='Chat message from user']", "Who are you?")
    page.choose(str(conversation_in(page)), "Rename")
    focused("Who are yuo?", ".st-key-rename input")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.click("new-chat")
    focused("", "[data-testid='stChatInputTextArea']")


def test_the_back_button_leads_to_the_conversation_before(page: Page, client: BackendClient) -> None:
    one = client.ask("One?", store=True).conversation_id
    two = client.ask("Two?", store=True).conversation_id
    page.open(query=f"?c={one}")
    page.wait_for("[aria-label='Chat message from user']", "One?")
    page.click(f"open-{two}")
    page.wait_for("[aria-label='Chat message from user']", "Two?")
    page.wait_until(lambda driver: driver.current_url.endswith(f"?c={two}"), "the second address")

    page.driver.back()

    page.wait_for("[aria-label='Chat message from user']", "One?")
    page.driver.forward()
    page.wait_for("[aria-label='Chat message from user']", "Two?")


def test_stop_keeps_what_was_said_after_a_reload_too(page: Page, model: StubModel, client: BackendClient) -> None:
    model.next(scripts.answer("Once ", scripts.silence))
    page.ask("A story, please")
    question = model.wait_for_call(timeout_s=scripts.PATIENCE_S)
    page.wait_for_answer("Once")

    page.click("stop")

    assert question.wait_until_left(timeout_s=1)
    page.wait_for_answer("Stopped")
    page.wait_until(lambda _: page.run("return document.activeElement.matches('textarea')"), "the box focused")
    page.driver.refresh()
    page.wait_for_answer("Once")
    page.wait_for_answer("Stopped")
    stored = client.conversations.messages(conversation_in(page)).items[-1]
    assert (stored.content, stored.status) == ("Once ", "stopped")


def test_a_question_is_asked_again_only_while_it_is_the_last(page: Page, model: StubModel) -> None:
    goes_on = threading.Event()
    model.next(scripts.status(400), scripts.answer("Once ", scripts.until(goes_on), "upon a time."))
    page.ask("A story, please")
    page.wait_for(".st-key-again")

    page.ask("Another one")
    page.wait_for_answer("Once")

    page.wait_for(".st-key-stop")
    assert not page.driver.find_elements(By.CSS_SELECTOR, ".st-key-again")
    goes_on.set()


def test_a_reader_stays_at_the_message_whose_other_version_is_chosen(page: Page, client: BackendClient) -> None:
    conversation = client.ask("One?", store=True).conversation_id
    for number in range(8):
        client.ask(f"{number}?", conversation_id=conversation)
    page.open(query=f"?c={conversation}")
    page.wait_for("article.answer .under")
    page.run("document.querySelector('[data-do=edit]').click()")
    page.wait_for(".st-key-editor textarea").send_keys(" Or else?" + Keys.CONTROL + Keys.ENTER)
    page.wait_for("article.question", "Or else?")
    page.wait_until(lambda _: not page.run("return document.querySelector('.live')"), "an answer that is whole")
    page.driver.refresh()
    page.wait_for(".transcript .older")
    place = "return document.querySelector('article:has(.older, .newer)').getBoundingClientRect().top"
    before = page.run(place)

    page.wait_for(".transcript .older").send_keys(Keys.ENTER)

    page.wait_until(lambda _: page.run("return document.querySelectorAll('article').length") > 4, "what followed")
    page.run("document.body.append(document.createElement('i'))")  # whatever is drawn next
    page.wait_for("article.question", "7?")
    assert page.run(place) == pytest.approx(before, abs=1)


def test_a_search_finds_words_of_an_answer(page: Page, client: BackendClient, model: StubModel) -> None:
    model.next(scripts.answer("A palindrome reads the same backwards."))
    found = client.ask("Words?", store=True).conversation_id
    other = client.ask("Something else?", store=True).conversation_id
    page.open()
    page.wait_for(f".st-key-open-{other}")

    page.wait_for(".st-key-search input").send_keys("palindrome")

    page.wait_for(".st-key-history", "reads the same backwards")
    page.wait_until(lambda driver: not driver.find_elements(By.CSS_SELECTOR, f".st-key-open-{other}"), "one row")
    page.click(f"open-{found}")
    page.wait_for_answer("A palindrome reads")


def test_a_conversation_is_deleted_and_taken_back(page: Page, client: BackendClient) -> None:
    conversation = client.ask("One?", store=True).conversation_id
    page.open(query=f"?c={conversation}")

    page.choose(conversation, "Delete")
    page.wait_for(".st-key-deleted", "One?")
    page.wait_for(".st-key-welcome")
    assert client.conversations.page().items == ()

    page.click("undo")
    page.click(f"open-{conversation}")
    page.wait_for_answer("Hello from the stub.")


def test_the_end_of_an_answer_leaves_a_name_that_is_being_typed(page: Page, goes_on: threading.Event) -> None:
    page.ask("A story, please")
    page.wait_for_answer("Once")
    conversation = str(conversation_in(page))
    page.choose(conversation, "Rename")
    field = page.wait_for(".st-key-rename input")
    field.clear()
    field.send_keys("Tales")
    goes_on.set()
    page.wait_for_answer("Once upon a time.")
    page.wait_for(".transcript .answer .under .facts")

    page.wait_for(".st-key-rename input").send_keys(" of old")
    page.click("rename-save")
    page.wait_for(f".st-key-open-{conversation}, .st-key-current-row", "Tales of old")


def test_a_conversation_is_renamed_and_pinned(page: Page, client: BackendClient) -> None:
    conversation = client.ask("One?", store=True).conversation_id
    page.open(query=f"?c={conversation}")

    page.choose(conversation, "Rename")
    field = page.wait_for(".st-key-rename input")
    field.clear()
    field.send_keys("My first", page.ENTER)
    page.wait_for(f".st-key-open-{conversation}", "My first")
    page.choose(conversation, "Pin")

    page.wait_for(".st-key-group-pinned", "My first")


def test_what_changes_the_list_alone_draws_nothing_else(page: Page, client: BackendClient) -> None:
    other = client.conversations.begin(title="Other").id
    page.ask("One?")
    page.wait_for_answer("stub.")
    page.wait_for(f".st-key-open-{other}", "Other")

    for entry, group in (("Pin", "pinned"), ("Unpin", "today")) * 3:
        page.received()
        page.choose(other, entry)
        page.wait_for(f".st-key-group-{group} .st-key-open-{other}")
        if b"-conversation-" not in page.received():  # what the messages are in is told with each run of the whole
            return
    pytest.fail("each click drew all of the page")


def test_a_list_that_has_missed_a_change_asks_once_for_all_of_it(page: Page, client: BackendClient) -> None:
    client.ask("First?", store=True)
    page.open()
    page.wait_for("[class*='st-key-open-']", "First?")

    assert page.driver.execute_async_script(MISSING_A_CHANGE) == [["Seen"], ["all"], ["Seen", "Missed"]]


def test_a_browser_keeps_nothing_of_whoever_was_signed_in_before(page: Page) -> None:
    page.open()
    page.wait_for(".transcript[aria-label]")  # its script is here

    kept = page.driver.execute_async_script(ANOTHER_SIGNS_IN)
    assert kept == ["A secret of Ann", "", "A secret of Ann", "", ""]


def test_a_click_in_a_new_chat_that_is_not_told_yet_is_done_if_it_is_still_wanted(page: Page) -> None:
    """What stands there has no second of any id, and is shown in its own language and session alone."""
    page.wait_for(".transcript[aria-label]")  # its script is here

    heard = page.driver.execute_async_script(CLICKED_TOO_EARLY)
    assert heard == ["<h1>First</h1>", "clicked", "<h1>First</h1>", None, None]


def test_another_conversation_is_shown_without_drawing_the_list(page: Page, client: BackendClient) -> None:
    ids = [client.ask(f"{name}?", store=True).conversation_id for name in ("First", "Second")]
    page.open()
    for place in (0, 1) * 3:
        page.received()
        page.wait_for(f".st-key-open-{ids[place]} button").click()
        page.wait_for("article.question", ("First?", "Second?")[place])
        page.wait_for(".st-key-current-row")
        page.wait_until(lambda driver, place=place: driver.current_url.endswith(str(ids[place])), "its address")
        if b"-history" not in page.received():  # what the list is in is told with each run of the whole
            break
    else:
        pytest.fail("each click drew all of the page")


def test_a_new_chat_is_there_at_once_and_draws_no_list(page: Page, client: BackendClient) -> None:
    first = client.ask("First?", store=True).conversation_id
    click = "document.querySelector('.st-key-new-chat button').click()"
    left = (
        "[document.querySelector('.transcript').textContent, document.querySelectorAll('.st-key-current-row').length]"
    )
    page.open()
    for _ in range(3):
        page.wait_for(f".st-key-open-{first} button").click()
        page.wait_for("article.question", "First?")
        page.wait_until(lambda driver: driver.current_url.endswith(str(first)), "its address")
        page.received()
        assert page.run(f"{click}; return {left}") == ["", 0]
        page.wait_for(".st-key-welcome")
        page.wait_until(lambda driver: "?c=" not in driver.current_url, "no address")
        if b"-history" not in page.received():
            return
    pytest.fail("each click drew all of the page")


def test_what_a_click_changes_in_the_list_is_there_at_once(page: Page, client: BackendClient) -> None:
    one, two = (client.conversations.begin(title=title).id for title in ("One", "Two"))
    named = """
        document.querySelector(".st-key-rename input").value = "Renamed";
        document.querySelector(".st-key-rename-save button").click();
        return document.querySelector(".st-key-open-%s").textContent"""
    page.open()

    page.choose(one, "Rename")
    assert page.run(named % one) == "Renamed"
    page.wait_until(lambda _: client.conversations.get(one).title == "Renamed", "a new name")
    menu = f"document.querySelector('.st-key-menu-{two} button').click()"
    archive = "[...document.querySelectorAll('[role=menuitem]')].find((it) => it.textContent === 'Archive').click()"
    assert page.run(f"{menu}; {archive}; return document.querySelector('.st-key-open-{two}')") is None
    page.wait_until(lambda _: client.conversations.get(two).archived_at, "an archived conversation")
    page.wait_for(f".st-key-open-{one}", "Renamed")


def test_stop_is_offered_to_the_run_that_waits_for_the_answer(
    page: Page, client: BackendClient, goes_on: threading.Event
) -> None:
    other = client.conversations.begin(title="Other").id
    page.ask("A story, please")
    page.wait_for_answer("Once")
    story = conversation_in(page)
    page.click(f"open-{other}")
    page.wait_until(lambda driver: driver.current_url.endswith(other), "its address")

    page.received()
    page.click(f"open-{story}")
    page.wait_for(".st-key-stop button")
    goes_on.set()
    page.wait_for_answer("Once upon a time.")

    told = [ForwardMsg.FromString(frame).delta for frame in page.received_frames()]
    assert not [it for it in told if it.new_element.button.label == "Stop" and it.fragment_id]


def test_what_was_shown_in_a_conversation_is_there_before_the_server_answers(page: Page, client: BackendClient) -> None:
    first, second = (client.ask(f"{name}?", store=True).conversation_id for name in ("First", "Second"))
    page.open()
    page.click(f"open-{second}")
    page.wait_for("article.question", "Second?")
    page.click(f"open-{first}")
    page.wait_for("article.question", "First?")
    empty = "return document.querySelector('.transcript[aria-label]:not(:has(article))') !== null"
    page.click("new-chat")
    page.wait_until(lambda _: page.run(empty), "an empty conversation")

    click = "document.querySelector('.transcript [data-menu]').click()"
    both = f"document.querySelector('.st-key-open-{first} button').click(); {click}"
    assert "First?" in page.run(f"{both}; return document.querySelector('.transcript').textContent")
    page.wait_for(".message-menu [role='menuitem']")  # the click waited
    page.wait_until(lambda driver: driver.current_url.endswith(str(first)), "its address")
    page.wait_until(lambda _: not page.run("return document.querySelector('.st-key-welcome')"), "it alone")

    there_and_back = "".join(f"document.querySelector('.st-key-open-{id_} button').click();" for id_ in (second, first))
    assert "First?" in page.run(f"{there_and_back} return document.querySelector('.transcript').textContent")


def test_a_conversation_is_taken_along_as_a_file(page: Page, client: BackendClient, tmp_path: Any) -> None:
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    conversation = client.ask("One?", store=True).conversation_id
    page.open()

    page.choose(conversation, "Export")
    page.click("export-md")

    page.wait_until(lambda _: [path for path in tmp_path.iterdir() if path.suffix == ".md"], "a file")
    assert "Hello from the stub." in next(tmp_path.glob("*.md")).read_text(encoding="utf-8")


def test_a_whole_answer_is_copied_as_the_model_wrote_it(page: Page, model: StubModel) -> None:
    model.next(scripts.answer('Some **bold** "words" & <tags>.'))
    page.ask("Why?")

    page.wait_for(".copy").click()
    page.wait_for(".copy.copied")
    box = page.wait_for("[data-testid='stChatInputTextArea']")
    box.send_keys(page.CONTROL, "v")

    page.wait_until(lambda _: box.get_attribute("value") == 'Some **bold** "words" & <tags>.', "the copied answer")


def test_what_is_said_elsewhere_comes_to_an_open_page_by_itself(page: Page, client: BackendClient) -> None:
    conversation = client.ask("One?", store=True).conversation_id
    page.open(query=f"?c={conversation}")
    page.wait_for_answer("Hello from the stub.")

    client.ask("Two?", conversation_id=conversation)

    page.wait_for("[aria-label='Chat message from user']", "Two?")


def test_the_sidebar_gives_way_on_a_phone(page: Page, client: BackendClient) -> None:
    conversation = client.ask("One?", store=True).conversation_id
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page.open()
        model_name = page.wait_for(".st-key-top button")
        page.wait_for("[data-testid='stExpandSidebarButton']").click()
        page.wait_until(lambda _: not model_name.is_displayed(), "a brand that nothing is drawn over")
        page.click(f"open-{conversation}")

        page.wait_for_answer("Hello from the stub.")
        page.wait_for("[data-testid='stExpandSidebarButton']")
        page.wait_until(lambda _: page.wait_for(".st-key-top button").is_displayed(), "the model's name")
    finally:
        page.run("localStorage.clear()")  # which says that the sidebar is closed, for wide windows too
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_slash_offers_saved_prompts(page: Page, model: StubModel) -> None:
    box = page.wait_for("[data-testid='stChatInputTextArea']")
    box.send_keys("/tra")
    page.wait_for("#prompt-menu [aria-selected='true']", "Into another language")
    box.send_keys(Keys.ENTER, "German", Keys.TAB, "Good day", Keys.ENTER)

    page.wait_for_answer("Hello from the stub.")
    assert model.calls[-1].body["messages"][-1]["content"] == "Translate into German: Good day"
    page.wait_for(".st-key-current-row", "German: Good day")


def test_a_long_text_that_is_pasted_becomes_a_file(page: Page) -> None:
    page.wait_for("[data-testid='stChatInputTextArea']")
    paste = """const data = new DataTransfer(); data.setData("text/plain", arguments[0]);
    const box = document.querySelector("[data-testid='stChatInputTextArea']"); box.focus();
    box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));"""
    page.driver.execute_script(paste, "A word. " * 1000)

    page.wait_for("[data-testid='stChatInput']", "pasted-1.txt")


def test_how_much_is_typed_is_told_where_the_box_is_nearly_full(page: Page) -> None:
    counted = "[data-testid='stChatInput'] [data-testid='InputInstructions']"
    box = page.wait_for("[data-testid='stChatInputTextArea']")
    box.send_keys("Hi")
    page.wait_until(lambda driver: driver.find_elements(By.CSS_SELECTOR, counted), "what counts")
    assert not page.driver.find_element(By.CSS_SELECTOR, counted).is_displayed()
    write = (
        "Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(arguments[0], arguments[1])"
    )
    told = "arguments[0].dispatchEvent(new Event('input', { bubbles: true }))"
    page.driver.execute_script(f"{write}; {told}", box, "x" * 95_000)
    page.wait_for(counted, "95000/100000")


def test_arrow_up_in_the_empty_box_edits_the_last_question(page: Page) -> None:
    page.ask("One?")
    page.wait_for_answer("Hello from the stub.")
    page.wait_for(".answer .under")

    page.wait_for("[data-testid='stChatInputTextArea']").send_keys(Keys.ARROW_UP)

    page.wait_until(lambda _: page.wait_for(".st-key-editor textarea").get_attribute("value") == "One?", "the question")
    page.wait_for(".st-key-editor textarea").send_keys(" Or two?")

    page.click("new-chat")
    page.wait_for(".st-key-welcome")
    page.wait_for("[class*='st-key-open-'] button", "One?").click()  # what was being edited there is there again
    edited = "One? Or two?"
    page.wait_until(lambda _: page.wait_for(".st-key-editor textarea").get_attribute("value") == edited, edited)


def test_a_question_that_is_edited_while_its_answer_is_made_is_kept(page: Page, goes_on: threading.Event) -> None:
    page.ask("One?")
    page.wait_for_answer("Once")
    edit = "const it = document.querySelector('.transcript [data-do=edit]'); it?.click(); return Boolean(it);"
    page.wait_until(lambda _: page.run(edit), "the question, which can be drawn after the first word")
    page.wait_for(".st-key-editor textarea").send_keys(" Or two?")
    assert not page.wait_for(".st-key-edit-send button").is_displayed()

    goes_on.set()
    page.wait_for(".answer .under")

    assert page.wait_for(".st-key-editor textarea").get_attribute("value") == "One? Or two?"
    page.click("edit-send")
    page.wait_for("[aria-label='Chat message from user']", "One? Or two?")


def test_keys_find_commands_and_conversations(page: Page, client: BackendClient) -> None:
    conversation = client.ask("About zebras", store=True).conversation_id
    page.open()
    page.wait_for(f".st-key-open-{conversation}")  # be the sidebar open or not
    page.wait_for("[data-testid='stChatInputTextArea']").send_keys(Keys.CONTROL, "k")
    page.wait_for("#palette input").send_keys("zebras", Keys.ENTER)
    page.wait_for_answer("Hello from the stub.")

    page.run("document.activeElement.blur()")
    page.wait_for("body").send_keys("?")
    page.wait_for("dialog#keys[open]", "Ctrl+K")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.wait_for("body").send_keys(Keys.CONTROL, Keys.SHIFT, "o")

    page.wait_for(".st-key-welcome")


def test_the_keyboard_goes_on_in_the_list_where_it_was(page: Page, client: BackendClient) -> None:
    one, two = (str(client.ask(f"Key {word}", store=True).conversation_id) for word in ("one", "two"))
    page.open()
    page.wait_for(f".st-key-open-{one}")

    def is_at(selector: str) -> None:
        page.wait_until(
            lambda _: page.run(f"return document.activeElement.matches('{selector}')"), f"{selector} focused"
        )

    def choose(entry: str) -> None:
        page.run(f"document.querySelector('.st-key-open-{two} button').focus()")
        page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        page.driver.switch_to.active_element.send_keys(Keys.ENTER)
        while page.driver.switch_to.active_element.text != entry:
            page.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
        page.driver.switch_to.active_element.send_keys(Keys.ENTER)

    for entry, then, key, at in (
        ("Export", "[role=dialog]", Keys.ESCAPE, "menu"),
        ("Rename", "input", Keys.ESCAPE, "open"),
        ("Rename", "input", Keys.ENTER, "open"),
        ("Choose several", f".st-key-choose-{two} input", Keys.ESCAPE, "open"),
    ):
        choose(entry)
        is_at(then)
        page.driver.switch_to.active_element.send_keys(key)
        is_at(f".st-key-{at}-{two} button")
    choose("Delete")
    is_at(f".st-key-open-{one} button")

    page.click(f"open-{one}")
    page.wait_for(".transcript .regenerate").send_keys(Keys.ENTER)
    page.wait_for(".transcript .older")
    is_at("[data-testid=stChatInputTextArea]")
    assert page.driver.execute_async_script(ANSWERED_AT_ONCE) == ["regenerate", "stChatInputTextArea"]
    kept = ANSWERED_AT_ONCE.replace("data-do=regenerate", "data-do=keep")
    assert page.driver.execute_async_script(kept) == ["keep", "stChatInputTextArea"]
    page.wait_for(".transcript .older").send_keys(Keys.ENTER)
    is_at(".newer")

    page.click("settings-open")
    page.wait_for("[role=dialog] [role=tab]", "Models").click()
    page.wait_for(".st-key-server-save button").send_keys(Keys.ENTER)
    page.wait_for("[role=dialog] [role=alert]", "no name yet")
    is_at(".st-key-server-save button")


def test_a_project_is_begun_and_talked_in(page: Page, client: BackendClient, model: StubModel) -> None:
    page.click("project-new")
    page.wait_for(".st-key-project-name-new input:focus").send_keys("Thesis")
    page.wait_for(".st-key-project-instructions-new textarea").send_keys("Be brief.")
    page.click("project-save")
    page.wait_for(".st-key-project-close", "Thesis")

    page.ask("Inside?")
    page.wait_for_answer("Hello from the stub.")

    assert model.calls[-1].body["messages"][0] == {"role": "system", "content": "Be brief."}
    page.wait_for(".st-key-project-mark", "Thesis")
    page.click("project-close")
    page.wait_for("[class*='st-key-project-open-']", "Thesis")
    client.projects.delete(client.projects.all()[0].id)


def test_the_page_can_be_installed(page: Page) -> None:
    told = page.driver.execute_cdp_cmd("Page.getAppManifest", {})
    errors = page.driver.execute_cdp_cmd("Page.getInstallabilityErrors", {})["installabilityErrors"]
    assert (told["errors"], errors) == ([], [])


def test_an_answer_that_ends_while_its_reader_is_elsewhere_marks_the_tab(page: Page, goes_on: threading.Event) -> None:
    page.ask("A story, please")
    page.wait_for_answer("Once")
    page.run("document.hasFocus = () => false")

    goes_on.set()

    page.wait_until(lambda driver: driver.title.startswith("✓ "), "a mark in the title")
    page.run("window.dispatchEvent(new Event('focus'))")
    page.wait_until(lambda driver: not driver.title.startswith("✓ "), "a title as it was")


def test_what_is_selected_in_an_answer_is_quoted_and_an_answer_copied_in_other_forms(
    page: Page, model: StubModel
) -> None:
    page.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    model.next(scripts.answer("# One\n\n**Two** three.\n\n```py\nfour\n```"))
    page.ask("Count")
    page.wait_for_answer("Two three.")

    def choose(name: str) -> None:
        page.wait_for("article.answer .more").click()
        page.wait_for(".message-menu button", name).click()

    def copied(words: str) -> str:
        return page.wait_until(
            lambda _: (found := str(page.run("return window.copied"))) and words in found and found, words
        )

    choose("Copy as text")
    assert copied("four").split() == ["One", "Two", "three.", "four"]
    choose("Copy as curl")
    assert '"content": "Count"' in copied("curl http://")
    page.run("getSelection().selectAllChildren(document.querySelector('article.answer strong'))")
    choose("Quote")
    box = page.wait_for("[data-testid='stChatInputTextArea']")
    assert box.get_attribute("value") == "> Two\n\n"
    box.send_keys("Why?")
    assert box.get_attribute("value") == "> Two\n\nWhy?"
    choose("Fork from here")
    page.wait_for(".st-key-current-row", "Fork of")
    page.wait_until(lambda driver: driver.switch_to.active_element == box, "a box that is typed in")


def test_a_question_that_could_not_be_asked_is_in_the_box_again_after_a_reload(page: Page) -> None:
    lost = '<i class="unasked" data-text="Lost?"></i>'
    page.run(f"document.body.insertAdjacentHTML('afterbegin', '{lost}')")
    page.wait_until(lambda _: page.run("return sessionStorage.getItem('chatapp-unasked')") == "Lost?", "it is kept")

    page.open()
    box = page.wait_for("[data-testid='stChatInputTextArea']")
    page.wait_until(lambda _: box.get_attribute("value") == "Lost?", "it is in the box")
    page.ask("")
    page.wait_for_answer("Hello from the stub.")
    page.open()

    assert page.run("return sessionStorage.getItem('chatapp-unasked')") is None
