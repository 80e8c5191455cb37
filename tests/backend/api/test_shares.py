"""Links under which others read a conversation, and nothing else."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import update

from chatapp.backend.store import Summary
from chatapp.backend.store import shares as store_shares
from chatapp.backend.store.schema import turns
from chatapp.backend.store.share_tables import shares
from chatapp.backend.transfer import export_desk
from chatapp.cli.share import run
from chatapp.client import BackendClient
from chatapp.errors import ForbiddenError, InvalidRequestError, NotFoundError
from chatapp.protocol.events import PROJECT_FILES
from support.keyed_requests import key_file
from support.running_backend import RunningBackend
from support.running_page import running_page
from support.turn_steps import wait_for

Run = Callable[..., RunningBackend]


@pytest.fixture
def sharing(run_backend: Run) -> RunningBackend:
    return run_backend(api_keys="ann:a,bob:b", share_links=True)


@pytest.fixture
def ann(sharing: RunningBackend) -> Iterator[BackendClient]:
    with BackendClient(sharing.url, api_key="a") as client:
        yield client


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return "".join(str(vars(record)) for record in caplog.records if record.name.startswith("chatapp.backend"))


def asked(client: BackendClient, prompt: str) -> str:
    return str(client.ask(prompt, store=True, system="Be discreet.").conversation_id)


def test_a_link_shows_the_conversation_as_it_was_and_opens_nothing_else(
    ann: BackendClient, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = asked(ann, "Is <b>this</b> public?")
    asked(ann, "A secret")
    caplog.set_level(logging.INFO)
    made = ann.conversations.share(conversation, days=7)
    ann.ask("Said later", conversation_id=conversation)
    page = requests.get(f"{ann.base_url}{made.path}", timeout=10)

    assert page.status_code == 200
    assert "Is &lt;b&gt;this&lt;/b&gt; public?" in page.text
    assert not [words for words in ("Said later", "A secret", "Be discreet", "<script") if words in page.text]
    told = {name: page.headers[name] for name in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")}
    assert told == {
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "Referrer-Policy": "no-referrer",
    }
    assert "sandbox; default-src 'none'" in page.headers["Content-Security-Policy"]
    token = str(made.path).removeprefix("/shared/")
    wait_for(lambda: "/shared/…" in logged(caplog), timeout_s=20)
    assert token not in logged(caplog) + str(ann.conversations.shares())
    for path in (
        "/conversations",
        f"/conversations/{conversation}",
        f"/conversations/{conversation}/export",
        "/shares",
    ):
        assert requests.get(ann.base_url + path, headers={"X-API-Key": token}, timeout=10).status_code == 401
        assert requests.get(f"{ann.base_url}{made.path}{path}", timeout=10).status_code == 404
    assert abs(made.expires_at - datetime.now(UTC) - timedelta(days=7)) < timedelta(hours=1)


def test_a_link_shows_no_summaries_and_names_no_files_of_a_project(sharing: RunningBackend, ann: BackendClient) -> None:
    conversation = asked(ann, "Public?")
    made = ann.conversations.share(conversation, days=7)
    store = sharing.app.state.store
    (_, answer) = store.messages.all(conversation, owner="ann")
    store.summaries.keep(conversation, owner="ann", summary=Summary(answer.id, "For the model", 2))
    told = [["notice", 1, PROJECT_FILES, "Of the file"], ["notice", 2, "dropped_turns", "One left out"]]
    with store.database.write() as connection:
        connection.execute(update(turns).where(turns.c.conversation_id == conversation).values(segments=told))
    page = requests.get(f"{ann.base_url}{made.path}", timeout=10).text

    assert [words in page for words in ("For the model", "Of the file", "One left out")] == [False, False, True]


def test_who_reads_links_slowly_keeps_nobody_from_exports(
    sharing: RunningBackend, ann: BackendClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_desk, "OF_ONE_LINK", 0)
    monkeypatch.setattr(export_desk, "OF_ONE", 1)
    conversation = asked(ann, "Public?")
    made = ann.conversations.share(conversation, days=7)

    assert requests.get(f"{ann.base_url}{made.path}", timeout=10).status_code == 503
    assert requests.get(f"{ann.base_url}/export", headers={"X-API-Key": "a"}, timeout=10).status_code == 200


def test_a_link_ends_with_the_key_that_made_it(run_backend: Run, tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys", ann="a", bob="b")
    backend = run_backend(api_keys=str(file), share_links=True)
    links = []
    for key in "ab":
        with BackendClient(backend.url, api_key=key) as client:
            links.append(backend.url + str(client.conversations.share(asked(client, "Hi"), days=1).path))
    key_file(file, bob="another", cleo="c")

    assert [requests.get(link, timeout=10).status_code for link in links] == [404, 200]


def test_nobody_has_more_links_than_can_be_listed(ann: BackendClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_shares, "MOST_LINKS", 1)
    conversation = asked(ann, "Hi")
    made = ann.conversations.share(conversation, days=1)

    with pytest.raises(InvalidRequestError, match="You have 1 links"):
        ann.conversations.share(conversation, days=1)
    ann.conversations.revoke_share(made.id)
    ann.conversations.share(conversation, days=1)


def test_a_link_that_is_over_is_forgotten(sharing: RunningBackend, ann: BackendClient) -> None:
    links = sharing.app.state.store.shares
    conversation = asked(ann, "Hi")
    kept = [ann.conversations.share(conversation, days=days).id for days in (1, 7)]

    assert [links.purge_expired(as_of=datetime.now(UTC) + timedelta(days=days)) for days in (0, 2, 2)] == [0, 1, 0]
    assert [link.id for link in ann.conversations.shares()] == kept[1:]


@pytest.mark.parametrize("end", ["revoked", "over", "deleted", "mistyped"])
def test_a_link_that_has_ended_leads_nowhere(end: str, ann: BackendClient, sharing: RunningBackend) -> None:
    conversation = asked(ann, "Hi")
    made = ann.conversations.share(conversation, days=1)
    with BackendClient(ann.base_url, api_key="b") as bob:
        assert bob.conversations.shares() == ()
        with pytest.raises(NotFoundError):
            bob.conversations.revoke_share(made.id)
        with pytest.raises(NotFoundError):
            bob.conversations.share(conversation, days=1)
    path = str(made.path)

    if end == "revoked":
        ann.conversations.revoke_share(made.id)
    elif end == "over":
        with sharing.app.state.store.database.write() as connection:
            connection.execute(update(shares).values(expires_at=datetime.now(UTC)))
    elif end == "deleted":
        ann.conversations.delete(conversation)
    else:
        path += "x"

    assert requests.get(ann.base_url + path, timeout=10).status_code == 404
    assert len(ann.conversations.shares()) == (end == "mistyped")


def test_nothing_is_shared_where_that_is_off_or_cannot_be(ann: BackendClient, backend: RunningBackend) -> None:
    empty = ann.conversations.begin().id
    for days in (1, 0, 366):
        with pytest.raises(InvalidRequestError):
            ann.conversations.share(empty, days=days)
    off = backend.client
    conversation = str(off.ask("Hi", store=True).conversation_id)
    for act in (lambda: off.conversations.share(conversation, days=1), off.conversations.shares):
        with pytest.raises(ForbiddenError):
            act()
    assert requests.get(f"{off.base_url}/shared/x", timeout=10).status_code == 403


def test_the_shell_shares_and_the_page_shows_it_without_signing_in(
    run_backend: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = run_backend(share_links=True)
    backend.client.ask("Is this public?", store=True)
    share = {"days": 30, "lists": False, "revoked": None, "as_json": False, "url": backend.url}

    run(None, **share)
    link = capsys.readouterr().out.strip()
    run(None, **{**share, "lists": True})
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("  Is this public?")

    with running_page(backend.url) as port:
        address = link.replace(backend.url, f"http://127.0.0.1:{port}")
        page = requests.get(address, timeout=10)
        run(None, **{**share, "revoked": line[:8]})
        gone = requests.get(address, timeout=10)

    assert (page.status_code, "Is this public?" in page.text) == (200, True)
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert (gone.status_code, backend.client.conversations.shares()) == (404, ())
