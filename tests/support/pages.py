"""The page as Streamlit runs it, without a browser, and what a person does there."""

import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import chatapp.frontend
from chatapp.client import BackendClient
from chatapp.protocol.events import Start, Text
from chatapp.protocol.resources import ConversationInfo
from chatapp.protocol.sse import encode
from support import scripts
from support.stub_model import StubModel
from support.transcripts import act_in, transcript_html

PAGE = Path(chatapp.frontend.__file__).with_name("page.py")
_manifests = cache(manifest_scanner.scan_component_manifests)
"""What the installed packages bring for Streamlit, for which it reads the metadata of all with each new page."""


def opened_page(*, query: dict[str, str] | None = None) -> AppTest:
    """Open the page in a new session, with the settings of the environment."""
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in (query or {}).items():
        page.query_params[name] = value
    with mock.patch.object(manifest_scanner, "scan_component_manifests", _manifests):
        return page.run()


def ask(page: AppTest, prompt: str) -> AppTest:
    page.chat_input[0].set_value(prompt).run()
    assert not page.exception
    return page


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def contents(page: AppTest) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in page.session_state.messages]


def sidebar(page: AppTest) -> str:
    elements = [*page.sidebar.markdown, *page.sidebar.caption, *page.sidebar.get("html")]
    return "\n".join(getattr(element, "value", None) or element.proto.body for element in elements)


def problem(page: AppTest) -> str:
    assert len(page.error) == 1
    return page.error[0].value.replace("\\", "")


def settings_dialog(page: AppTest) -> str:
    """Open the settings, where they are not open yet, and return what stands in them as text."""
    page.session_state.view.dialog = "settings"
    page.run()
    assert not page.exception
    return "\n".join(element.proto.body for element in page.get("html") if "in-force" in element.proto.body)


def everything(page: AppTest) -> str:
    """Return all that the page has sent to the browser, as text."""

    def parts(block: Any) -> Iterator[str]:
        for child in block.children.values():
            yield from parts(child) if hasattr(child, "children") else [str(child.proto)]

    return "\n".join((*parts(page.main), *parts(page.sidebar), transcript_html(page)))


def choose(page: AppTest, conversation_id: str | None, entry: str) -> AppTest:
    """Choose an entry of a conversation's menu in the list."""
    told = list_told(page)
    row = next(row for group in told["groups"] for row in group["rows"] if row["id"] == conversation_id)
    assert entry in [what for what, _ in told["menus"][row["menu"]]]
    return act_in(page, list_component(page), "menu", id=conversation_id, entry=entry)


def list_component(page: AppTest) -> Any:
    """Return the component that draws the rows of the list, None where there are none."""
    return next(
        (found for found in page.get("bidi_component") if found.proto.component_name.endswith("conversations")), None
    )


def list_told(page: AppTest) -> dict[str, Any]:
    """Return what the browser shows of the list of conversations, after all that it was told."""
    component = list_component(page)
    groups: list[dict[str, Any]] = []
    news = page.session_state.view.listing.news
    for line in news.lines if component else ():
        if "group" in line:
            groups.append({"name": line["name"], "rows": []})
        else:
            groups[-1]["rows"].append({"menu": 0, **line})
    [told] = json.loads(component.proto.json) if component else [{}]
    return {**told, "groups": groups, "menus": news.common.get("menus", [])}


def click_row(page: AppTest, what: str, **told: str | None) -> AppTest:
    """Do in the list of conversations what a click there does."""
    return act_in(page, list_component(page), what, **told)


def conversation_in(page: AppTest) -> str:
    """Return the id in the page's address."""
    return "".join(page.query_params["c"])


def rows(page: AppTest) -> list[str]:
    """Return the names in the list of conversations, as they are shown."""
    return [row["title"] for group in list_told(page)["groups"] for row in group["rows"]]


def press(page: AppTest, start: str, *, place: int = -1) -> AppTest:
    """Click a button whose key begins with `start`, the last one unless told."""
    if start == "open-":
        ids = [row["id"] for group in list_told(page)["groups"] for row in group["rows"]]
        return click_row(page, "open", id=ids[place])
    [button for button in page.button if str(button.key).startswith(start)][place].click().run()
    assert not page.exception
    return page


def stored(client: BackendClient) -> list[ConversationInfo]:
    return list(client.conversations.page().items)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class FakeBackend:
    """A server where the page expects its backend: ready, and with the answer that a test gives it."""

    def __init__(self, stub: StubModel) -> None:
        self.url = stub.url
        self.answer = scripts.silence
        self.conversations = scripts.respond(404, {"detail": "Not Found"})
        self.paths: list[str] = []
        stub.default = self._script

    async def _script(self, exchange: Any) -> None:
        path = exchange.call.path.removeprefix("/v1")
        if path.startswith("/conversations"):
            await self.conversations(exchange)
            return
        if path in {"/query/estimate", "/projects"}:
            await exchange.respond(404, {"detail": "Not Found"})
            return
        self.paths.append(path)
        if path == "/ready":
            await exchange.respond(200, {"model": {"ok": True, "name": "tiny", "is_demo": True}, "store": {"ok": True}})
        else:
            await self.answer(exchange)


def html(status: int) -> scripts.Script:
    return lambda exchange: exchange.respond(status, "<html>")


async def cut_stream(exchange: Any) -> None:
    await exchange.start_stream()
    await exchange.write(encode(Start("turn-1", "tiny"), 1) + encode(Text("Once upon"), 2))
    await exchange.end_stream()
