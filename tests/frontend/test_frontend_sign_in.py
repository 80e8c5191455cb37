"""Staying signed in: what the page's server gives a browser for a ticket, and what it takes a cookie for."""

import asyncio
from typing import Any

import pytest
from starlette.routing import Route, Router

from chatapp.config.settings import Settings
from chatapp.frontend.access import cookie
from chatapp.frontend.access.accounts import person
from chatapp.frontend.access.guard import Guard
from chatapp.frontend.access.owner import may_change_servers
from chatapp.frontend.session.kept_sign_ins import KEPT_S, KeptSignIns, kept_sign_ins
from support.keyed_requests import key_file

KEY = "open-sesame"


def post(body: str, *, origin: str | None = "http://localhost:8501", holds: str = "") -> tuple[int, str]:
    """Send a ticket as a browser that `holds` a cookie does; return the status, and the cookie that it is given."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    headers = [(b"host", b"localhost:8501"), *([(b"origin", origin.encode())] if origin else [])]
    headers += [(b"cookie", holds.encode())] if holds else []
    scope = {"type": "http", "path": "/app/sign-in", "method": "POST", "headers": headers, "query_string": b""}
    app = Router([Route("/app/sign-in", cookie.keep, methods=["POST"])])
    asyncio.run(Guard(app, settings=Settings())(scope, receive, send))
    given = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
    return sent[0]["status"], "".join(given)


@pytest.mark.parametrize(("scheme", "is_secure"), [("http", False), ("https", True)])
def test_a_ticket_becomes_a_cookie_that_only_the_server_reads(scheme: str, is_secure: bool) -> None:
    ticket, _ = kept_sign_ins().begin(KEY)

    status, given = post(ticket, origin=f"{scheme}://localhost:8501")

    parts = {part.strip().lower() for part in given.split(";")}
    assert (status, "secure" in parts) == (204, is_secure)
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert KEY not in given
    value = given.partition("=")[2].partition(";")[0]
    kept = kept_sign_ins().find(value)
    assert kept is not None
    assert kept.key == KEY


@pytest.mark.parametrize("body", ["guessed", "x" * 200, "é"])
def test_what_is_no_ticket_becomes_no_cookie(body: str) -> None:
    assert post(body) == (400, "")


def test_a_ticket_is_good_once_and_for_our_own_page_only() -> None:
    ticket, _ = kept_sign_ins().begin(KEY)

    assert post(ticket, origin=None) == (400, "")
    assert post(ticket, origin="http://evil.example") == (400, "")
    assert post(ticket)[0] == 204
    assert post(ticket) == (400, "")


def test_a_sign_in_that_is_over_opens_nothing() -> None:
    sign_ins = KeptSignIns()
    ticket, sign_in = sign_ins.begin(KEY)
    kept = str(sign_ins.redeem(ticket))
    assert sign_ins.find(kept) is sign_in

    sign_in.is_over = True

    assert sign_ins.find(kept) is None
    assert sign_ins.find("") is None


def test_a_sign_in_ends_when_its_cookie_does_however_often_it_is_used() -> None:
    sign_ins = KeptSignIns()
    ticket, sign_in = sign_ins.begin(KEY)
    kept = str(sign_ins.redeem(ticket))
    sign_in.until = until = sign_in.until - KEPT_S / 2

    assert sign_ins.find(kept) is sign_in
    assert sign_in.until == until


def test_an_empty_ticket_takes_the_cookie_away() -> None:
    status, given = post("")

    assert status == 204
    assert "Max-Age=0" in given


def test_a_tab_that_came_with_an_old_cookie_leaves_the_new_one_of_another_tab() -> None:
    ticket, sign_in = kept_sign_ins().begin(KEY)
    holds = post(ticket)[1].partition(";")[0]

    assert post("", holds=holds) == (204, "")

    sign_in.is_over = True

    assert "Max-Age=0" in post("", holds=holds)[1]


def test_a_key_has_the_name_that_its_owner_gave_it(tmp_path: Any) -> None:
    digests = key_file(tmp_path / "keys", ann=KEY)
    for told in (f"bob:other,ann:{KEY}", str(digests)):
        settings = Settings.load(api_keys=told)
        assert [person(settings, key) for key in (KEY, "unknown", None)] == ["ann", None, None]


def test_a_key_with_a_budget_has_a_name_too(tmp_path: Any) -> None:
    digests = key_file(tmp_path / "keys", ann=KEY)
    digests.write_text(digests.read_text(encoding="utf-8").strip() + " 5/day,100/month\n", encoding="utf-8")
    settings = Settings.load(api_keys=str(digests), admin_keys="ann")

    assert person(settings, KEY) == "ann"
    assert may_change_servers(settings, KEY)


def test_who_stands_first_behind_a_byte_order_mark_has_a_name_too(tmp_path: Any) -> None:
    digests = key_file(tmp_path / "keys", ann=KEY)
    digests.write_text(digests.read_text(encoding="utf-8").strip(), encoding="utf-8-sig")

    assert may_change_servers(Settings.load(api_keys=str(digests), admin_keys="ann"), KEY)
