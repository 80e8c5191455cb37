"""What is meant badly, or only large: what an import may take of memory, disk and time."""

import csv
import io
import json
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.store import Store
from chatapp.backend.store.imported import Lineage
from chatapp.backend.transfer import importers
from chatapp.backend.transfer.importers import Imports, Skipped, chatgpt_marks, copilot, json_text, llm_prints
from chatapp.backend.transfer.importers.budget import MAX_VALUES, ImportBudget, StoppedError
from chatapp.backend.transfer.importers.claude_artifacts import without_tags
from chatapp.backend.transfer.importers.fields import decoded, fenced
from chatapp.backend.transfer.importers.files import ExportReader, FoundProject, Unknown
from chatapp.backend.transfer.importers.json_values import Element, Fingerprints, JsonValues
from chatapp.backend.transfer.importers.open_webui_text import shown
from chatapp.errors import InvalidRequestError
from support.foreign_exports import LLM_036_TABLES, LLM_TABLES, chatgpt, chatgpt_node, write_database, write_json
from support.imported import said
from support.loose_messages import CHERRY_STUDIO, LLM_PRINTED

MB = 1024**2


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """An empty store in a file."""
    return sqlite_store


def peak_bytes(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def values(path: Path, known: Fingerprints | None = None) -> list[Element]:
    with path.open("rb") as file:
        return [
            Element(type(element.value), element.fingerprint)
            for element in JsonValues(file, ImportBudget(), known or Fingerprints(salt="x"))
        ]


def refused(store: Store, path: Path) -> None:
    with pytest.raises(InvalidRequestError):
        Imports(store.database).read(path, owner="ada")


def zip_that_lies(path: Path, content: bytes, *, declares: int, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip whose only member says that it is `declares` bytes long."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("conversations.json", content)
    written = bytearray(path.read_bytes())
    for signature, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", written, written.index(signature) + at, declares)
    path.write_bytes(written)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_that_is_larger_than_it_says_costs_no_memory(store: Store, tmp_path: Path, method: int) -> None:
    path = zip_that_lies(tmp_path / "x.zip", b"[" + b" " * (200 * MB), declares=100, method=method)
    assert peak_bytes(lambda: refused(store, path)) < 32 * MB


def test_honest_zip_of_nothing_costs_no_memory(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", b"[" + b" " * (200 * MB) + b"]")
    assert peak_bytes(lambda: refused(store, path)) < 32 * MB


def test_a_line_of_a_table_is_not_read_beyond_all_measure() -> None:
    file = io.BytesIO(copilot.HEAD.encode() + b"\n" + b"x" * (40 * MB))
    with pytest.raises(csv.Error):
        list(copilot.conversations(file, ImportBudget()))
    assert file.tell() < 40 * MB


def test_all_that_a_zip_holds_counts_together(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(f"conversations-{number}.json", json.dumps([chatgpt(str(number))]) + " " * MB)
    pieces = ExportReader(ImportBudget(unpacked_bytes=4 * MB), Fingerprints()).file(path)
    with pytest.raises(StoppedError, match="unpacks"):
        list(pieces)


@pytest.mark.parametrize(
    "element",
    [
        b'{"mapping": [' + b"[]," * 6_000_000 + b"0]}",
        b'{"mapping": "' + b"x" * (40 * MB) + b'"}',
        b'{"mapping": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
        b'{"mapping": ' + b"1" * 1_000_000 + b"}",
        b'{"mapping" 5}',
    ],
    ids=["many values", "much text", "deep", "a long number", "no JSON"],
)
def test_conversation_beyond_all_measure_is_passed_over(store: Store, tmp_path: Path, element: bytes) -> None:
    path = tmp_path / "conversations.json"
    path.write_bytes(b"[" + element + b"," + json.dumps(chatgpt()).encode() + b"]")
    receipt = Imports(store.database).read(path, owner="ada")
    assert receipt.conversations_added == 1
    assert receipt.skipped[0].why.startswith("it cannot be read (")


def test_a_backup_that_is_one_large_object_costs_only_what_is_too_large_in_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = CHERRY_STUDIO["indexedDB"]
    endless = {"id": "endless", "type": "main_text", "content": "x" * (33 * MB)}
    blocks = [endless, *stores["message_blocks"]]
    path = tmp_path / "data.json"
    path.write_text(json.dumps({**CHERRY_STUDIO, "indexedDB": {**stores, "message_blocks": blocks}}))

    receipt = Imports(store.database).read(path, owner="ada")

    assert [f"{it.what}: {it.why}" for it in receipt.skipped] == [
        "a part of the file: it cannot be read (it is larger than 32 MiB)"
    ]
    assert said(store) == [("user", "Why?"), ("assistant", "So.")]

    monkeypatch.setattr(json_text, "MAX_HELD", 16 * MB)  # what is held of one has a bound
    with pytest.raises(InvalidRequestError, match="too large for a file of its kind"):
        Imports(store.database).read(path, owner="ada")


def test_what_is_read_in_pieces_is_held_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_ELEMENT_CHARS", 4096)
    path = tmp_path / "data.json"
    path.write_text(f'{{"few": {json.dumps([1] * 50_000)}}}')

    assert peak_bytes(lambda: values(path)) < 3 * MB


def test_what_is_read_in_pieces_ends_at_its_own_bracket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_ELEMENT_CHARS", 100)
    path = tmp_path / "data.json"
    path.write_text('{"a": "%s", "b": 1]' % ("x" * 200))
    with pytest.raises(json_text.UnreadableError):
        values(path)


def test_large_file_is_read_at_constant_memory(store: Store, tmp_path: Path) -> None:
    one = json.dumps([chatgpt_node("q", None, "user", "word " * 20_000)])[1:-1]
    path = tmp_path / "conversations.json"
    with path.open("w") as file:
        file.write("[")
        for number in range(300):
            file.write(f'{{"conversation_id": "{number}", "mapping": {{"q": {one}}}}},')
        file.write("5]")

    assert path.stat().st_size > 25 * MB
    assert peak_bytes(lambda: values(path)) < 16 * MB


def test_thoughts_are_saved_once_however_many_answers_stand_below(store: Store, tmp_path: Path) -> None:
    theirs = chatgpt()
    thoughts = {"content_type": "thoughts", "thoughts": [{"content": "x" * MB}]}
    theirs["mapping"] = {
        "q": chatgpt_node("q", None, "user", "?"),
        "t": chatgpt_node("t", "q", "assistant", content=thoughts),
    }
    for number in range(50):
        theirs["mapping"][f"a{number}"] = chatgpt_node(f"a{number}", "t", "assistant", "!", seconds=number)
    Imports(store.database).read(write_json(tmp_path / "conversations.json", [theirs]), owner="ada")
    assert (store.database.path or Path()).stat().st_size < 8 * MB


_BLOCKS = [{"id": "b", "type": "main_text", "content": "x" * 20_000}]
_ASKED = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
_CHEAP: dict[str, list[Any]] = {
    "a block of Cherry Studio": [
        {
            "localStorage": {},
            "indexedDB": {
                "message_blocks": _BLOCKS,
                "topics": [{"id": "t", "messages": [{"id": "q", "role": "user", "blocks": ["b"] * 500}]}],
            },
        }
    ],
    "a name in SillyTavern": [
        {"user_name": "u", "character_name": "c"},
        {"name": "x", "is_user": False, "mes": "Hi."},
        {"name": "x" * 20_000, "is_user": False, "mes": "So.", "swipes": [f"{n}" for n in range(500)]},
    ],
}


def test_json_within_a_text_is_not_read_beyond_all_measure() -> None:
    assert decoded(f"[{'0,' * MAX_VALUES}0]") is None


@pytest.mark.parametrize("kind", _CHEAP)
def test_what_a_file_says_once_is_not_in_memory_very_often(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text("\n".join(map(json.dumps, _CHEAP[kind])))
    assert peak_bytes(lambda: [*ExportReader(ImportBudget(), Fingerprints()).file(path)]) < 5 * MB


_MANY = [("user", "assistant")[number % 2] for number in range(2000)]
_HELD_TO_THEIR_END: dict[str, str] = {
    "lines": "\n".join(json.dumps({"role": role, "content": f"{n} {'x' * 1000}"}) for n, role in enumerate(_MANY)),
    "a table": "\n".join([copilot.HEAD, *(f"Sea,,{role.replace('user', 'Human')},{'x' * 1000}" for role in _MANY)]),
    "a page": "<html>"
    + "".join(
        f'<div class="outer-cell"><p>Gemini Apps<br></p><div class="content-cell mdl-typography--body-1">Prompted {n}'
        f"<br>May 28, 2026, 8:{n % 60:02}:00\u202fPM UTC<br>{'x' * 1000}</div></div>"
        for n in range(2000)
    ),
}
"""Files whose conversations are known at their end alone."""


@pytest.mark.parametrize("kind", _HELD_TO_THEIR_END)
def test_what_is_held_to_the_end_of_a_file_has_a_bound(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(json_text, "MAX_HELD", 1_300_000)
    (path := tmp_path / "export").write_text(_HELD_TO_THEIR_END[kind])
    receipt = Imports(store.database).read(path, owner="ada")
    assert receipt.messages_added > 0
    assert receipt.skipped[-1].why == "the rest of it cannot be read (it is too large for a file of its kind)"


def test_instructions_count_as_text_that_is_saved(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers, "ImportBudget", partial(ImportBudget, saved_chars=10_000))
    prompt, topics = "x" * 1000, [{"id": f"{number}"} for number in range(30)]
    known = json.dumps({"assistants": [{"prompt": prompt, "topics": topics}]})
    backup = {
        "localStorage": {"persist:cherry-studio": json.dumps({"assistants": known})},
        "indexedDB": {"message_blocks": [], "topics": [{**topic, "messages": _ASKED} for topic in topics]},
    }
    receipt = Imports(store.database).read(write_json(tmp_path / "backup.json", backup), owner="ada")
    assert receipt.conversations_added < len(topics)
    assert "it holds more text than one import may save" in [it.why for it in receipt.skipped]


@pytest.mark.parametrize(
    "column", ["prompt TEXT AS (hex(zeroblob(300000000)))", "prompt TEXT AS (hex(zeroblob(300000000))) STORED"]
)
def test_database_whose_columns_compute_is_refused(store: Store, tmp_path: Path, column: str) -> None:
    tables = LLM_TABLES.replace("prompt TEXT", column, 1).partition("INSERT")[0]
    refused(store, write_database(tmp_path / "logs.db", tables))


def test_database_with_views_for_tables_is_refused(store: Store, tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id FROM n"
    tables = f"CREATE VIEW responses AS {endless}; CREATE TABLE conversations (id, name, model);"
    refused(store, write_database(tmp_path / "logs.db", tables))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE responses SET prompt = x'ff00', response = 5",
        "UPDATE responses SET datetime_utc = NULL, input_tokens = 9223372036854775807",
        "UPDATE responses SET conversation_id = NULL",
        "DELETE FROM conversations",
    ],
)
def test_odd_row_of_a_log_ends_nothing(store: Store, tmp_path: Path, statement: str) -> None:
    path = write_database(tmp_path / "logs.db", LLM_TABLES, statement)
    assert Imports(store.database).read(path, owner="ada").messages_added == 4


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO parts (message_hash, position, type, text) VALUES ('nobody', 0, 'text', 'x')",
        "UPDATE parts SET payload = '[1]' WHERE payload IS NOT NULL AND text IS NULL AND type = 'tool_call'",
        "UPDATE messages SET parent_hash = 'a2' WHERE hash = 's'",
        "UPDATE turns SET model = NULL, thread_id = NULL WHERE id = 'n2'",
    ],
)
def test_odd_row_of_a_thread_ends_nothing(store: Store, tmp_path: Path, statement: str) -> None:
    path = write_database(tmp_path / "logs.db", LLM_036_TABLES, statement)
    assert Imports(store.database).read(path, owner="ada").conversations_read == 1


def with_fragments(text: str) -> dict[str, Any]:
    return {**LLM_PRINTED[0], "prompt": text, "prompt_fragments": [{"content": f"{it}c"} for it in text.split()]}


LINEAR: dict[str, tuple[Callable[[str], object], str]] = {
    "reasoning never closed": (shown, '<details type="reasoning">%sthinking'),
    "blanks after reasoning": (shown, '<details type="reasoning">x</details>%s'),
    "tools never closed": (shown, "%s"),
    "pictures": (shown, "%s"),
    "marks": (lambda text: chatgpt_marks.without_marks(text, {}), "%s"),
    "old marks": (lambda text: chatgpt_marks.without_marks(text, {}), "%s"),
    "drafts": (lambda text: chatgpt_marks.without_marks(text, {}), ":::writing{%s"),
    "links": (lambda text: chatgpt_marks.without_marks(f"sandbox:{text}", {}), "%s"),
    "artifacts": (without_tags, "%s"),
    "fences": (fenced, "%s"),
    "fragments": (lambda text: llm_prints.read([with_fragments(text)]), "%s"),
}
UNITS = {
    "tools never closed": '<details type="tool_calls"',
    "pictures": "](data:",
    "marks": "\ue200cite",
    "old marks": "\u30104",
    "drafts": " subject=",
    "links": "![a](",
    "artifacts": '<antArtifact title="',
    "fences": "`` ` ",
    "fragments": "ab ",
}


@pytest.mark.parametrize("kind", LINEAR)
def test_four_times_the_text_takes_no_more_than_its_share(kind: str) -> None:
    work, frame = LINEAR[kind]
    unit = UNITS.get(kind, " ")

    def cost(size: int) -> float:
        text = frame % (unit * size)
        begun = time.thread_time()
        work(text)
        return time.thread_time() - begun

    cost(1000)
    small = min(cost(20_000) for _ in range(3))
    assert min(cost(80_000) for _ in range(3)) < 12 * small + 0.05


def test_import_ends_as_soon_as_there_is_a_reason(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([chatgpt(str(number)) for number in range(3000)]))
    asked = iter([None, None, *["enough"] * 1000])
    receipt = Imports(store.database).read(path, owner="ada", reason_to_stop=lambda: next(asked))
    assert receipt.skipped[0] == Skipped("the rest of the file", "enough")
    assert 0 < receipt.conversations_added < 3000


def test_budget_is_one_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoppedError, match="more text"):
        ImportBudget(saved_chars=10).save(11)
    with pytest.raises(StoppedError, match="unpacks"):
        ImportBudget(unpacked_bytes=10).unpack(11)
    with pytest.raises(StoppedError, match="too long"):
        ImportBudget(deadline_s=0).check()


def test_known_text_is_passed_over_wherever_it_stands(tmp_path: Path) -> None:
    other = {**chatgpt("b"), "title": "\u00e9" * 300}
    read = [element.fingerprint or "" for element in values(write_json(tmp_path / "a.json", [chatgpt("a"), other]))]
    again = write_json(tmp_path / "b.json", [chatgpt("c"), other, chatgpt("a")])
    elements = values(again, Fingerprints(read, salt="x"))
    assert [element.value for element in elements] == [dict, type(None), type(None)]
    assert [element.fingerprint for element in elements[1:]] == [read[1], read[0]]


def test_very_many_skipped_things_are_counted(store: Store, tmp_path: Path) -> None:
    receipt = Imports(store.database).read(
        write_json(tmp_path / "conversations.json", [chatgpt(), *[{"no": 1}] * 250]), owner="ada"
    )
    assert (len(receipt.skipped), receipt.skipped_more) == (200, 51)


@pytest.mark.parametrize("few_bytes", [0, 256 * 1024])
def test_what_was_read_before_is_known_whether_all_is_loaded_or_each_is_asked_for(
    few_bytes: int, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers, "FEW_BYTES", few_bytes)
    (path := tmp_path / "export.json").write_text(json.dumps([chatgpt("a", "A"), chatgpt("b", "B")]))
    first, again = (Imports(store.database).read(path, owner="ada") for _ in range(2))
    with store.database.read() as connection:
        noted = list(connection.exec_driver_sql("SELECT rowid FROM imports ORDER BY 1"))

    assert (first.conversations_added, again.conversations_added) == (2, 0)
    assert (again.conversations_read, again.messages_read) == (first.conversations_read, first.messages_read)
    assert noted == [(1,), (2,)]  # or it was compared message by message, and noted anew


class Asked(dict[str, str | None]):
    """A mapping that counts how often it is asked."""

    times = 0

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value, and count."""
        self.times += 1
        return super().get(key, default)


def test_what_is_passed_on_the_way_up_is_passed_once_however_many_ask() -> None:
    hidden = {f"h{number}": f"h{number - 1}" if number else None for number in range(1000)}
    kept = {f"k{number}" for number in range(1000)}
    parents = Asked({**hidden, **dict.fromkeys(kept, "h999"), "a": "b", "b": "a", "of a circle": "a"})
    lineage = Lineage(parents, kept)

    assert {lineage.above(message) for message in kept} == {None}
    assert (lineage.passed("h999")[::999], lineage.passed("h999")) == (["h999", "h0"], [])
    assert (lineage.above("of a circle"), lineage.passed("a")) == (None, ["a", "b"])
    assert parents.times < 5000


def test_a_project_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    path, good = tmp_path / "export.zip", '{"uuid": "p", "name": "Sea", "prompt_template": ""}'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("projects.json", f'[{{"uuid": {"9" * 5000}}}, {{"prompt_template": ""}}, {good}]')
    *broken, found = ExportReader(ImportBudget(), Fingerprints()).file(path)
    assert [piece.why for piece in broken if isinstance(piece, Unknown)] == [
        "it cannot be read (it holds a number that is too long)",
        "it is a list of Claude's projects",
    ]
    assert isinstance(found, FoundProject)
