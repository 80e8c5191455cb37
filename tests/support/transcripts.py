"""The finished messages as the browser gets them, and what its buttons do, without a browser."""

import json
from typing import Any

from bs4 import BeautifulSoup, Tag
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest


class Shown:
    """A message on the page."""

    def __init__(self, article: Tag) -> None:
        self.article = article
        self.is_answer = "answer" in article["class"]

    @property
    def text(self) -> str:
        """Its words."""
        return self._text(":scope > .said" if self.is_answer else ".bubble > .plain")

    @property
    def html(self) -> str:
        """Its words, as HTML."""
        found = self.article.select_one(":scope > .said")
        return found.decode_contents().strip() if found else ""

    @property
    def facts(self) -> str:
        """The line under it."""
        return self._text(".facts")

    @property
    def notes(self) -> list[str]:
        """What is said of it in small."""
        return [note.get_text() for note in self.article.select(".note")]

    @property
    def folded(self) -> dict[str, str]:
        """What is folded in it, by its title."""
        return {
            str(details.summary.get_text()): "".join(part.get_text() for part in details.select(".said, pre")).strip()
            for details in self.article.select("details")
            if details.summary
        }

    def buttons(self, what: str) -> list[Tag]:
        """Return its buttons that do this."""
        return self.article.select(f"[data-do={what}]:not([disabled])")

    def _text(self, selector: str) -> str:
        found = self.article.select_one(selector)
        return found.get_text().strip() if found else ""


def transcript_html(page: AppTest) -> str:
    """Return all finished messages of the conversation on show as HTML."""
    transcript = page.session_state.transcript
    return "".join(transcript.bodies(transcript.listing()["keys"]).values())


def shown(page: AppTest) -> list[Shown]:
    """Return the finished messages of the conversation on show."""
    return [Shown(article) for article in BeautifulSoup(transcript_html(page), "html.parser").select("article")]


def news(page: AppTest) -> dict[str, Any]:
    """Return what the last run has told the browser about the finished messages."""
    [told] = json.loads(page.main.get("bidi_component")[0].proto.json)
    return dict(told)


def act(page: AppTest, what: str, **told: str | None) -> AppTest:
    """Do what a click in the finished messages does."""
    return act_in(page, page.main.get("bidi_component")[0], what, **told)


def act_in(page: AppTest, element: Any, what: str, **told: str | None) -> AppTest:
    """Do what a click in a component of ours does."""
    states = page._tree.get_widget_states()
    component = element.proto
    value = json.dumps([{"event": "act", "value": {"do": what, **told}}])
    states.widgets.append(WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{component.id}__events", json_trigger_value=value))
    page._run(states)
    assert not page.exception
    return page


def press(page: AppTest, what: str) -> AppTest:
    """Click the last button of the finished messages that does this."""
    button = [button for message in shown(page) for button in message.buttons(what)][-1]
    article = button.find_parent("article")
    assert article is not None
    return act(page, what, id=str(article["data-id"]), to=str(button.get("data-to", "")))


def edit(page: AppTest, text: str) -> AppTest:
    """Ask `text` in place of the last question."""
    (*_, question) = (message for message in shown(page) if not message.is_answer)
    assert question.buttons("edit")
    return act(page, "ask", id=str(question.article["data-id"]), text=text)


def branch_place(page: AppTest) -> list[str]:
    """Return which of how many versions are shown, from top to bottom."""
    return [str(found.get_text()) for message in shown(page) for found in message.article.select(".branches > span")]
