"""The page in other languages: what it says, who is shown which, and the files that hold the words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import polib
import pytest

from chatapp.frontend.conversations.listing import Heading
from chatapp.frontend.conversations.moments import day_name, short_day
from chatapp.frontend.languages.choosing import language_for
from chatapp.frontend.languages.elsewhere import FAILED_OVER, SAID_ELSEWHERE, WITH_PLACES, said_elsewhere
from chatapp.frontend.languages.language import Language, languages
from chatapp.frontend.languages.of_scripts import ASSETS, words_of_scripts
from chatapp.protocol.usage_line import gauge_parts
from chatapp.protocol.usage_resources import EstimateInfo
from chatapp.protocol.wording import ENGLISH
from support.catalogs import FOLDER, HOUSE, Message, catalogs, messages

TOLD = "Bring the files up to date with: python tests/languages.py"
SHOWING = (
    {"markdown", "caption", "button", "form_submit_button", "download_button", "menu_button", "text_input"}
    | {
        "text_area",
        "number_input",
        "selectbox",
        "toggle",
        "checkbox",
        "file_uploader",
        "chat_input",
        "popover",
        "badge",
    }
    | {"error", "warning", "success", "info", "spinner", "dialog", "toast"}
)
"""What Streamlit draws with words in it."""
NAMED = {"help", "placeholder", "label"}
NAME_IN_HTML = re.compile(r"""\b(?:aria-label|title|alt)=\\?["'](\w[^"'{]*)""")
SHOWN_BY_SCRIPTS = re.compile(
    r"""(?:(?:textContent|ariaLabel|placeholder|innerText)\s*[:=]|"aria-label",)\s*["'`]([^"'`]*)"""
)
WORD = re.compile(r"[^\W\d_]{2}")


@pytest.fixture(params=catalogs(), ids=lambda file: file.stem)
def catalog(request: pytest.FixtureRequest) -> polib.POFile:
    return polib.pofile(str(request.param))


def test_a_language_s_file_holds_the_sentences_of_the_code_and_no_others(catalog: polib.POFile) -> None:
    held = {Message(entry.msgid, entry.msgid_plural) for entry in catalog}

    assert messages().keys() - held == set(), TOLD
    assert held - messages().keys() == set(), TOLD


def test_a_translation_keeps_the_places_of_its_sentence(catalog: polib.POFile) -> None:
    for entry in catalog.translated_entries():
        for form in entry.msgstr_plural.values() or [entry.msgstr]:
            asked = places(entry.msgid)
            missing = asked - places(form) - ({"count"} if entry.msgid_plural else set())  # "one page" needs no number
            assert (missing, places(form) - asked) == (set(), set()), f"{entry.msgid!r} as {form!r}"


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


FILLED_IN = {
    "{earlier}": ("message was", "messages were"),
    "{files}": ("the file of the project", "the {count:,} files of the project"),
    "{named}": ("the model {model}", "this model"),
    "{division}": ("page", "sheet", "slide", "chapter"),
    "{budget.period}": ("day", "month"),
    "{reason}": (": {why}", "{where} is another program's database"),
    "the API key {what}": ("the API key cannot be read", "the API key holds none that can be sent"),
}
"""What sentences are put together from in the code, and are told in whole."""


def test_what_is_said_elsewhere_is_still_said_there() -> None:
    files = [file for file in HOUSE.rglob("*.py") if FOLDER not in file.parents]
    code = "\0".join(file.read_text(encoding="utf-8") for file in files)
    code = re.sub(r'"\n *f?"', "", code)
    parts = [literal for message in (*WITH_PLACES, *FAILED_OVER) for literal, *_ in Formatter().parse(message)]
    missing = [sentence for sentence in (*SAID_ELSEWHERE, *parts) if sentence not in code]
    for place, words in FILLED_IN.items():
        filled = [code.replace(place, word) for word in words] if missing else []
        missing = [sentence for sentence in missing if not any(sentence in way for way in filled)]
    assert missing == []


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("LLM processing failed: the answer failed to be anything.", "Das Modell konnte nicht antworten: the answer"),
        (
            "LLM processing failed: the model server cannot be reached.",
            "Modell konnte nicht antworten: Der Modellserver",
        ),
        (
            "the model server answers in the words of Ollama's own API, not with a chat completion.",
            "Der Modellserver antwortet in den Worten von Ollama's own API, nicht mit",
        ),
        ("Set DATA_DIR to another folder, or DATABASE_URL to another database.", "DATABASE_URL auf eine andere"),
        ("Cannot connect to backend at http://a.test:1.", "Keine Verbindung zum Backend unter http://a.test:1."),
        ("The backend at http://b said nothing for 30 seconds.", "unter http://b hat 30 Sekunden lang nichts gesagt."),
        ("3 earlier messages were left out to fit the model's context.", "3 frühere Nachrichten wurden weggelassen"),
        ("[connections.stub] names it", "[connections.stub] nennt es"),
        ("There is a prompt called fix it already.", "Es gibt schon einen Prompt namens fix it."),
        ("/a/b.md cannot be written: the disk is full.", "/a/b.md kann nicht geschrieben werden: der Datenträger ist"),
        ("/b.md cannot be deleted: Text file busy.", "/b.md kann nicht gelöscht werden: Text file busy."),
        (
            "Of the 3 files of the project the model reads the parts that fit the question, from a, b and 1 more.",
            "Von den 3 Dateien des Projekts liest das Modell die Teile, die zur Frage passen: aus a, b und 1 ",
        ),
        ("This answer is not saved yet. The answer failed.", "noch nicht gespeichert. Die Antwort ist fehlgeschlagen."),
        (
            "a/b did not answer: the model server cannot be reached. c/d is asked instead.",
            "a/b hat nicht geantwortet: Der Modellserver ist nicht erreichbar. Stattdessen wird c/d gefragt.",
        ),
        (
            "The budget of all keys together has not enough left: 10 tokens of 2,000 tokens a day spent.",
            "Vom Budget (alle Schlüssel zusammen) ist nicht genug übrig: 10 Tokens von 2.000 Tokens am Tag sind",
        ),
        (
            "a/b is not asked: The budget of the connection a has not enough left: $1.00 of $1 a month spent, and "
            "$0.010 put aside for answers that are being made. c/d is asked instead.",
            "Vom Budget (Verbindung a) ist nicht genug übrig: $1.00 von $1 im Monat sind verbraucht, und $0.010 sind ",
        ),
        (
            "80 % of the budget of ann is spent: $8.04 of $10 a day. It renews on 2026-12-01.",
            "80 % des Budgets (ann) sind",
        ),
        (
            "Conversations cannot be read or saved: /a/chat app.db is another program's database.",
            "/a/chat app.db ist die Datenbank eines anderen Programms.",
        ),
        (
            "The conversations were written by a newer chatapp (version 0019 of its tables, this one knows 0018).",
            "(Version 0019 seiner Tabellen, dieses kennt 0018)",
        ),
        ("base_url must be an address without `?` and `#`.", "base_url: nötig ist eine Adresse ohne `?` und `#`."),
        (
            "env must be named otherwise, as 'env' is a connection that is there without this file.",
            "env: nötig ist ein anderer Name, denn 'env' ist eine Verbindung,",
        ),
        (
            "LLM processing failed: no model answered. a/b:c: the variable K with the API key is not set. d/e: the "
            "model server reports a failure (status 500). Odd: words.",
            "Kein Modell hat geantwortet. a/b:c: Die Variable K mit dem API-Schlüssel ist nicht gesetzt. d/e: ",
        ),
        (
            "The file is no export that can be read: it is no JSON.",
            "Die Datei ist kein Export, der gelesen werden kann: sie ist kein JSON",
        ),
        ("Known are those of Claude, llm and chatapp.", "Bekannt sind die von Claude, llm and chatapp."),
        ("Set K.", "K setzen."),
        ("Set all of them.", "Set all of them."),
        ("Check the key of [connections.c].", "Schlüssel von [connections.c] prüfen."),
        ("Ask again, or raise gap_timeout of [connections.c].", "oder gap_timeout von [connections.c] erhöhen."),
        ("Check that base_url of [connections.c", "Check that base_url of [connections.c"),
        ("The key of a is for b.c, not for d.", "Der Schlüssel von a ist für b.c, nicht für d."),
        ("Nobody is asked instead.", "Nobody is asked instead."),
        ("Cannot connect to backend at {url}.", "Keine Verbindung zum Backend unter {url}."),
        ("Cannot connect to backend at", "Cannot connect to backend at"),
        ("Nobody knows this {sentence}.", "Nobody knows this {sentence}."),
        ("LLM processing failed: " * 5000, "Das Modell konnte nicht antworten: LLM processing failed: "),
        ("", ""),
    ],
)
def test_what_the_backend_says_is_shown_in_the_language_as_far_as_it_is_known(sentence: str, shown: str) -> None:
    assert shown in said_elsewhere(sentence, languages()["de"])
    assert said_elsewhere(sentence, languages()["en"]) == sentence


def test_every_string_that_the_page_draws_can_be_translated() -> None:
    assert list(untranslatable_in_python()) == []
    assert list(untranslatable_in_scripts()) == []
    assert list(unnamed_in_html()) == []


def untranslatable_in_python() -> Iterator[str]:
    for file in sorted((HOUSE / "frontend").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SHOWING:
                if ast.unparse(node.func.value) == "logger":
                    continue
                shown = [*node.args[:1], *(word.value for word in node.keywords if word.arg in NAMED)]
                yield from (f"{file.name}:{node.lineno}: {ast.unparse(it)}" for it in shown if has_words(it))


def has_words(node: ast.expr) -> bool:
    """Return whether an argument is a text with words of its own."""
    if isinstance(node, ast.Constant):
        text = node.value if isinstance(node.value, str) else ""
        return bool(
            WORD.search(
                re.sub(
                    r":material/\w+:|^/app/\S+|^https?:\S+|\*\*chatapp\*\*|:red\[|mermaid|^(CSV|groq)$|^https:.*",
                    "",
                    text,
                )
            )
        )
    if isinstance(node, ast.IfExp):
        return has_words(node.body) or has_words(node.orelse)
    return isinstance(node, ast.JoinedStr) and any(has_words(part) for part in node.values)


def unnamed_in_html() -> Iterator[str]:
    """Return the names in HTML, which are read out, that are in English alone."""
    for file in sorted((HOUSE / "frontend").rglob("*.py")):
        yield from (f"{file.name}: {name}" for name in NAME_IN_HTML.findall(file.read_text(encoding="utf-8")))


def untranslatable_in_scripts() -> Iterator[str]:
    for file in sorted(ASSETS.rglob("*.js")):
        for shown in SHOWN_BY_SCRIPTS.findall(file.read_text(encoding="utf-8")):
            if WORD.search(re.sub(r"\$\{[^}]*\}", "", shown)):
                yield f"{file.name}: {shown}"


@pytest.mark.parametrize(
    ("chosen", "accepted", "shown"),
    [
        (None, None, "en"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr, ar;q=0.5, en;q=0.4", "ar"),
        (None, "en-GB,de;q=0.5", "en"),
        (None, "de;q=0, ar;q=0.1", "ar"),
        (None, "en;q=0.2, DE ; q=0.7", "de"),
        (None, "*", "en"),
        (None, ";;q=,=,q=x;de;q=1e9", "en"),
        (None, "x" * 5000 + ",de", "en"),
        ("ar", "de", "ar"),
        ("xx", "de", "de"),
        ("", "de", "de"),
        ("../../secret", "", "en"),
    ],
)
def test_a_reader_is_shown_what_they_chose_or_else_what_their_browser_asks_for(
    chosen: str | None, accepted: str | None, shown: str
) -> None:
    assert language_for(chosen, accepted).code == shown


ESTIMATE = EstimateInfo("m", 3, 0, 1234, window=8000, share=0.154, cost="0.5")


@pytest.mark.parametrize(
    ("code", "count", "pages"),
    [
        ("en", 1, "1 page"),
        ("en", 0, "0 pages"),
        ("de", 1, "1 Seite"),
        ("de", 1234, "1.234 Seiten"),
        ("ar", 0, "0 صفحة"),
        ("ar", 1, "صفحة واحدة"),
        ("ar", 2, "صفحتان"),
        ("ar", 105, "105 صفحات"),
        ("ar", 11, "11 صفحة"),
        ("ar", 1200, "1,200 صفحة"),
    ],
)
def test_a_plural_follows_the_rules_of_its_language(code: str, count: int, pages: str) -> None:
    assert languages()[code]("{count} page", plural="{count} pages", count=count) == pages


@pytest.mark.parametrize(
    ("code", "number", "day", "short", "month"),
    [
        ("en", "1,234.5", "Saturday, 28 November 2026", "2026-11-28", "May 2025"),
        ("de", "1.234,5", "Samstag, 28. November 2026", "28.11.2026", "Mai 2025"),
        ("ar", "1,234.5", "السبت، 28 نوفمبر 2026", "28/11/2026", "مايو 2025"),
    ],
)
def test_numbers_and_days_are_written_as_in_the_language(
    code: str, number: str, day: str, short: str, month: str
) -> None:
    language = languages()[code]

    assert language.figures("1,234.5") == language("{number:,.1f}", number=1234.5) == number
    assert day_name("2026-11-28", language) == day
    assert short_day("2026-11-28", language) == short
    assert Heading("May", 2025).shown(language) == month


def test_what_goes_along_is_said_in_the_language_of_the_page_and_in_english_in_the_shell() -> None:
    estimate = ESTIMATE

    assert gauge_parts(estimate) == ["3 messages", "about 1,234 tokens", "15 % of 8,000", "$0.50"]
    assert gauge_parts(estimate, languages()["de"]) == ["3 Nachrichten", "etwa 1.234 Tokens", "15 % von 8.000", "$0,50"]


def test_words_that_run_the_other_way_are_kept_apart_in_a_sentence() -> None:
    arabic = languages()["ar"]

    assert arabic("via {client}", client="curl") == "عبر \u2068curl\u2069"
    assert arabic("via {client}", client="بحث") == "عبر بحث"
    assert languages()["de"]("via {client}", client="بحث") == "über بحث"


def test_the_language_that_is_chosen_is_shown_at_once_and_remembered(open_page: Any, shared: Any) -> None:
    page = open_page(shared.url)
    assert page.button(key="new-chat").label == "New chat"

    page.session_state["language"] = "ar"
    page.run()

    assert page.button(key="new-chat").label == "محادثة جديدة"
    assert page.chat_input[0].placeholder == "اسأل عن أي شيء"
    told = next(html.proto.body for html in page.get("html") if "wishes" in html.proto.body)
    assert 'data-language="ar"' in told
    assert "language=ar" in told


def test_what_is_not_translated_stays_english(tmp_path: Path) -> None:
    file = tmp_path / "fr.po"
    file.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Stop"\nmsgstr ""\n')
    french = Language("fr", file)

    assert french("Stop") == "Stop"
    assert french("{count} page", plural="{count} pages", count=2) == "2 pages"
    assert french("Ask {what} and {{this}}", what="{that}") == "Ask {that} and {this}"
    assert french("") == ""


def test_words_of_others_are_never_taken_for_places() -> None:
    assert ENGLISH("The model said {nothing}.") == "The model said {nothing}."


def test_scripts_get_the_words_that_stand_in_them_and_no_others() -> None:
    told = words_of_scripts("ar")

    assert '"dir": "rtl"' in told
    assert '"Copied": "تم النسخ"' in told
    assert "Dollars by day" not in told
