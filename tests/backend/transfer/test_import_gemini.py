"""Google's Takeout of Gemini in the languages and forms that it comes in."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest

from chatapp.backend.store import Store
from chatapp.backend.transfer.importers.budget import ImportBudget
from chatapp.backend.transfer.importers.gemini import Gemini
from chatapp.backend.transfer.importers.gemini_pages import activities
from support.imported import Bring, Json, said


def activity(title: str, minute: int = 0, *, answer: str = "<p>So.</p>", header: str = "Gemini", **more: Json) -> Json:
    when = f"2026-05-28T20:{minute:02}:00.000Z"
    told = {"header": header, "title": title, "time": when, "products": [header], **more}
    return {**told, "safeHtmlItem": [{"html": answer}]} if answer else told


def asked(*records: Json) -> list[str]:
    gemini = Gemini()
    assert all(gemini.take(record) for record in records)
    (conversation,) = gemini.conversations()
    return [message.content for message in conversation.messages if message.role == "user"]


LANGUAGES = {
    "German": ("Eingegebener Prompt: Warum?", "Gemini-Apps"),
    "Japanese": ("送信したメッセージ: Warum?", "Gemini アプリ"),
    "Swedish": ("Gav instruktionen\xa0Warum?", "Gemini-appar"),
}


@pytest.mark.parametrize(("title", "header"), LANGUAGES.values(), ids=LANGUAGES)
def test_a_question_is_without_the_verb_before_it(title: str, header: str) -> None:
    assert asked(activity(title, answer="", header=header)) == ["Warum?"]


def test_the_verb_of_a_language_that_nobody_knows_is_learned_from_the_file() -> None:
    verb = "Tapez : "
    records = [
        activity(f"{verb}Un", 3),
        activity(f"{verb}Deux : 2", 2),
        activity(f"{verb}Trois", 1, answer=""),
        activity("Feedback", 0, answer=""),
    ]
    assert asked(*records) == ["Trois", "Deux : 2", "Un"]

    words = ["one thing", "one more", "why", "so", "no"]
    said_so = [activity(f"Heeft gevraagd {word}", minute) for minute, word in enumerate(words)]
    assert asked(*said_so) == words

    assert asked(activity("Alone: it stays")) == ["Alone: it stays"]


def test_a_question_of_a_file_alone_stays() -> None:
    file = [{"name": "添付ファイル 1 件"}, {"name": "-  IMG.jpeg", "url": "IMG-xyz.jpeg"}]
    assert asked(activity("送信したメッセージ: ", subtitles=file)) == ["(picture: IMG.jpeg)"]


PAGE = "mdl-cell mdl-cell--6-col mdl-typography--body-1"


@pytest.mark.parametrize("time", [{}, {"time": None}], ids=["of one moment", "without a time"])
def test_questions_that_no_time_tells_apart_all_stay(time: Json) -> None:
    gemini = Gemini()
    assert all(gemini.take({**activity(f"Asked {word}"), **time}) for word in ("Then?", "So?", "Why?"))
    (conversation,) = gemini.conversations()
    assert len({message.id for message in conversation.messages}) == 6


def cell(body: str, label: str = "Gemini Apps") -> str:
    return (
        '<div class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"><div class="mdl-grid">'
        f'<div class="header-cell"><p class="mdl-typography--title">{label}<br></p></div>'
        f'<div class="content-cell {PAGE}">{body}</div>'
        f'<div class="content-cell {PAGE} mdl-typography--text-right"></div>'
        f'<div class="content-cell mdl-typography--caption"><b>Products:</b><br>&emsp;{label}</div></div></div>'
    )


def page(*cells: str) -> bytes:
    """A page as Takeout makes it, with what Material Design is drawn by at its beginning."""
    style = "<style>" + "p{}" * 50_000 + "</style>"
    return f"<html><head><title>My Activity</title>{style}</head><body>{''.join(cells)}</body></html>".encode()


def test_a_takeout_as_a_web_page_is_read(store: Store, bring: Bring) -> None:
    files = 'Attached 1 file.<br>-&nbsp;<a href="note%20one.txt">note one.txt</a><br>'
    newest_first = page(
        cell("Prompted&nbsp;And &lt;now&gt;?<br>18 Sept 2025, 12:02:52 CEST<br><p>Still <b>so</b>.</p><div>Yes</div>"),
        cell("Searched for x<br>18 Sept 2025, 12:02:00 CEST<br>", "Search"),
        cell("Gave feedback<br>18 Sept 2025, 12:01:55 CEST<br>"),
        cell(f"Prompted&nbsp;What is<br>this?<br>{files}18 Sept 2025, 12:01:52 CEST<br><p>A note.</p>"),
    )
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Takeout/My Activity/Gemini Apps/MyActivity.html", newest_first)
        archive.writestr("Takeout/archive_browser.html", "<html>")

    receipt = bring(packed.getvalue(), name="takeout.zip")

    assert said(store) == [
        ("user", "(file: note one.txt)\n\nWhat is\nthis?"),
        ("assistant", "A note."),
        ("user", "And <now>?"),
        ("assistant", "Still **so**.\n\nYes"),
    ]
    assert (receipt.sources, [line.why for line in receipt.skipped]) == (["gemini"], ["a file, picture or recording"])
    assert bring(newest_first).messages_added == 0


TIMES = {
    "18 Sept 2025, 12:01:52 CEST": (2025, 9, 18, 10, 1, 52),
    "May 19, 2026, 7:07:02\u202fPM GMT-03:00": (2026, 5, 19, 22, 7, 2),
    "May 19, 2026, 12:07:02\u202fAM PDT": (2026, 5, 19, 7, 7, 2),
    "18.04.2026, 17:38:51 MESZ": (2026, 4, 18, 15, 38, 51),
    "2026年6月19日 12:23:08 CST": (2026, 6, 19, 4, 23, 8),
    "2025/11/13 20:10:22 JST": (2025, 11, 13, 11, 10, 22),
    "2026. 6. 19. 오후 1:23:08 KST": (2026, 6, 19, 4, 23, 8),
    "10 de mai. de 2026, 03:46:09 BRT": (2026, 5, 10, 6, 46, 9),
    "4 juli 2026 09:15:00 CEST": (2026, 7, 4, 7, 15, 0),
    "6 août 2026, 09:15:00 CEST": (2026, 8, 6, 7, 15, 0),
    "31 dic 2025, 23:59:59 UTC": (2025, 12, 31, 23, 59, 59),
}


@pytest.mark.parametrize("told", TIMES)
def test_time_on_a_page_is_known_in_the_manner_of_each_country(told: str) -> None:
    cells = page(cell(f"Prompted&nbsp;Why?<br>{told}<br><p>So.</p>"))
    (activity,) = activities(BytesIO(cells), ImportBudget())

    assert activity.created_at == datetime(*TIMES[told], tzinfo=UTC)
    assert (activity.title, activity.answers) == ("Prompted\xa0Why?", ("So.",))


def test_the_newest_is_first_also_where_no_time_is_told(store: Store, bring: Bring) -> None:
    bring(page(cell("Prompted&nbsp;And?<br><p>2</p>"), cell("Prompted&nbsp;Why?<br><p>1</p>")))

    assert [content for _, content in said(store)] == ["Why?", "1", "And?", "2"]
