"""API keys in a file that changes: keys come and go, and whoever waits with one that has gone is sent away."""

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from chatapp.backend.access.api_keys import KeyRing
from chatapp.errors import SettingsError
from support import scripts
from support.event_streams import read
from support.keyed_requests import KEY, bearer, get, key_file
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import wait_for

pytestmark = pytest.mark.faults

RunBackend = Callable[..., RunningBackend]
STREAM = "/query/stream"


def test_a_key_file_is_read_again_when_it_changes(run_backend: RunBackend, tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys", ada="first")
    backend = run_backend(api_keys=str(file))
    assert get(backend, **bearer("first")).status_code == 200
    key_file(file, ada="other", bob="second")
    assert get(backend, **bearer("first")).status_code == 401
    assert get(backend, **bearer("other")).status_code == get(backend, **bearer("second")).status_code == 200


def test_a_line_says_what_its_key_may_spend_and_is_read_again(run_backend: RunBackend, tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys", ada="first", bob="second")
    backend = run_backend(api_keys=str(file), budgets="*:1000000 tokens/day", admin_keys="bob")
    lines = file.read_text(encoding="utf-8")
    for told, status in (("7 tokens/day, 5/month", 429), ("999999 tokens/day", 200)):
        part = file.with_suffix(".part")
        part.write_text(lines.replace("\nbob", f" {told}\nbob"), encoding="utf-8")
        part.replace(file)
        asked = requests.post(f"{backend.url}/query", json={"prompt": "Why?"}, headers=bearer("first"), timeout=10)
        assert asked.status_code == status
        budgets = get(backend, "/usage", **bearer("first")).json()["budgets"]
        assert [each["limit"] for each in budgets if each["who"] == "ada"] == [
            "5" if "/month" in each else each.partition(" ")[0] for each in told.split(", ")
        ]
    assert requests.post(f"{backend.url}/query", json={"prompt": "Why?"}, headers=bearer("second"), timeout=10).ok


def test_a_byte_order_mark_is_no_part_of_a_key_file(tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys", ada="first")
    file.write_text(file.read_text(encoding="utf-8").strip(), encoding="utf-8-sig")
    assert KeyRing(str(file)).principal_of(b"first").name == "ada"


@pytest.mark.parametrize("line", ["bob", "bob:s3cret", f"bob:{'0' * 64} 5/year"])
def test_a_line_that_cannot_be_used_is_told_by_its_number(tmp_path: Path, line: str) -> None:
    file = key_file(tmp_path / "keys", ada="first")
    file.write_text(f"\n{file.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"^Line 4 of the file that API_KEYS names cannot be used\.$") as caught:
        KeyRing(str(file))
    assert "s3cret" not in caught.value.sentence()


SPOILT: dict[str, Callable[[Path], object]] = {
    "gone": lambda file: file.unlink(),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "no text": lambda file: file.write_bytes(b"ada:\xff\xfe"),
    "no digest": lambda file: file.write_text(f"ada:{KEY}"),
    "no budget": lambda file: file.write_text(f"ada:{'0' * 64} 5/year"),
    "no name": lambda file: file.write_text("0" * 64),
    "empty": lambda file: file.write_text(""),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_key_file_that_is_spoilt_lets_nobody_in(
    spoil: Callable[[Path], object], run_backend: RunBackend, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = key_file(tmp_path / "keys", ada=KEY)
    backend = run_backend(api_keys=str(file))
    spoil(file)
    assert [get(backend, **bearer(KEY)).status_code for _ in range(3)] == [401] * 3
    assert get(backend, "/health").status_code == 200
    said = [record.getMessage() for record in caplog.records if "API_KEYS" in record.getMessage()]
    assert len(said) == (spoil is not SPOILT["empty"]), "once, in the log"
    assert KEY not in caplog.text


def test_a_key_file_that_is_mended_lets_people_in_again(run_backend: RunBackend, tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys", ada=KEY)
    backend = run_backend(api_keys=str(file))
    file.unlink()
    assert get(backend, **bearer(KEY)).status_code == 401
    key_file(file, ada=KEY)
    assert get(backend, **bearer(KEY)).status_code == 200


@pytest.mark.parametrize("words", [[], ["half an"]], ids=["before the first word", "in mid-answer"])
def test_a_revoked_key_ends_its_streams_and_not_the_turn(
    words: list[str], run_backend: RunBackend, stub: StubModel, tmp_path: Path
) -> None:
    file = key_file(tmp_path / "keys", ada=KEY, bob="bob")
    backend = run_backend(api_keys=str(file))
    stub.next(scripts.answer(*words, scripts.silence))
    body = {"prompt": "Why?", "store": True}
    with requests.post(backend.url + STREAM, json=body, headers=bearer(KEY), stream=True, timeout=10) as response:
        start = response.raw.readline() + response.raw.readline() + response.raw.readline()
        key_file(file, bob="bob")
        began = time.monotonic()
        rest = response.raw.read()
    assert time.monotonic() - began < 5
    seen = read(start + rest)
    assert seen.bodies["error"]["code"] == "unauthorized"
    assert seen.names[-1] == "error"
    key_file(file, ada="new")
    turn_id = json.loads(start.partition(b"data:")[2])["turn_id"]
    assert get(backend, f"/turns/{turn_id}", **bearer("new")).json()["status"] == "streaming"


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_revoked_key_ends_the_wait_for_a_whole_answer(
    is_kept: bool, run_backend: RunBackend, stub: StubModel, tmp_path: Path
) -> None:
    file = key_file(tmp_path / "keys", ada=KEY)
    backend = run_backend(api_keys=str(file))
    stub.next(scripts.answer("half an", scripts.silence))
    body = {"prompt": "Why?", "store": is_kept}
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(requests.post, f"{backend.url}/query", json=body, headers=bearer(KEY), timeout=10)
        call = stub.wait_for_call()
        key_file(file)
        refused = waiting.result(timeout=5)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    assert call.wait_until_left(timeout_s=1) is not is_kept


def test_a_revoked_key_ends_a_turn_that_nobody_could_come_back_to(
    run_backend: RunBackend, stub: StubModel, tmp_path: Path
) -> None:
    file = key_file(tmp_path / "keys", ada=KEY)
    backend = run_backend(api_keys=str(file))
    stub.next(scripts.answer("one", scripts.silence))
    with requests.post(
        backend.url + STREAM, json={"prompt": "Why?"}, headers=bearer(KEY), stream=True, timeout=10
    ) as response:
        response.raw.readline()
        key_file(file)
        assert stub.calls[0].wait_until_left(timeout_s=5)


def test_other_people_s_streams_go_on(run_backend: RunBackend, stub: StubModel, tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys", ada=KEY, bob="bob")
    backend = run_backend(api_keys=str(file))
    stub.next(scripts.answer("one", 2.5, " two"))
    headers = bearer("bob")
    with requests.post(
        backend.url + STREAM, json={"prompt": "Why?"}, headers=headers, stream=True, timeout=10
    ) as response:
        start = response.raw.readline()
        key_file(file, bob="bob")
        wait_for(lambda: get(backend, **bearer(KEY)).status_code == 401)
        seen = read(start + response.raw.read())
    assert (seen.text, seen.names[-1]) == ("one two", "done")


def test_a_very_long_key_file_costs_a_request_nothing(tmp_path: Path) -> None:
    names = {f"n{number}": f"key {number}" for number in range(60_000)}
    keys = KeyRing(str(key_file(tmp_path / "keys", **names)))
    began = time.process_time()
    owners = [keys.principal_of(f"key {number}".encode()) for number in range(0, 60_000, 600)]
    assert (len(owners), None in owners, keys.principal_of(b"key")) == (100, False, None)
    assert time.process_time() - began < 0.5


def test_a_very_long_key_file_is_read_beside_the_requests(run_backend: RunBackend, tmp_path: Path) -> None:
    names = {f"n{number}": f"key {number}" for number in range(60_000)}
    backend = run_backend(api_keys=str(key_file(tmp_path / "keys", ada=KEY)))
    key_file(tmp_path / "keys", **names)
    with ThreadPoolExecutor(8) as threads:
        known = [threads.submit(get, backend, **bearer("key 7")) for _ in range(4)]
        gone = [threads.submit(get, backend, **bearer(KEY)) for _ in range(4)]
        assert [it.result().status_code for it in known] == [200] * 4
        assert [it.result().status_code for it in gone] == [401] * 4


@pytest.mark.skipif(os.name != "posix", reason="names of files that hold a colon")
def test_a_file_whose_name_holds_a_colon_is_a_file(tmp_path: Path) -> None:
    assert KeyRing(str(key_file(tmp_path / "keys:prod", ada=KEY))).principal_of(KEY.encode()).name == "ada"
