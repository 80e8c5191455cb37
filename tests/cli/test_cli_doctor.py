"""`chatapp doctor`: what it finds, and the exit code."""

import asyncio
import json
import socket
import sqlite3
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from subprocess import CompletedProcess
from threading import Thread

import pytest

from chatapp.cli.doctor import run
from chatapp.cli.doctor_machine import examine_machine
from chatapp.cli.doctor_model import examine_model
from chatapp.cli.finding import Finding
from chatapp.config.connections import ConnectionTable
from chatapp.config.settings import Settings
from chatapp.processes.ports import free_port
from chatapp.providers.connection import configured_upstream, upstream_of
from support import scripts
from support.stub_model import Exchange, StubModel

Run = Callable[..., CompletedProcess[str]]
SLOWLY = scripts.answer("1 2 3", 0.4, " and", 0.1, " 4")


@pytest.fixture(autouse=True)
def own_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("UI_PORT", str(free_port()))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


def found(done: CompletedProcess[str]) -> dict[str, str]:
    """Return the verdicts by name."""
    assert done.stderr == ""
    return {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()}


def test_all_is_well(chatapp: Run, stub: StubModel) -> None:
    stub.default = SLOWLY
    done = chatapp("doctor", env={"BASE_URL": stub.url, "CONTEXT_TOKENS": "4096"})

    assert done.returncode == 0
    assert set(found(done).values()) == {"ok"}
    assert "in pieces" in done.stdout
    assert len(stub.requests) == 3
    assert all(call.body["max_tokens"] <= 64 for call in stub.calls)


def test_a_wrong_key_fails(chatapp: Run, stub: StubModel) -> None:
    stub.listing = stub.default = scripts.status(401)
    done = chatapp("doctor", env={"BASE_URL": stub.url, "OPENAI_API_KEY": "sk-wrong"})

    assert (done.returncode, found(done)["key"]) == (1, "fail")
    assert "OPENAI_API_KEY" in done.stdout
    assert "sk-wrong" not in done.stdout


def test_the_other_address_is_tried_and_every_connection_is_looked_at(
    chatapp: Run, stub: StubModel, tmp_path: Path
) -> None:
    there = scripts.answer("1 2 3 4")

    async def only_with_v1(exchange: Exchange) -> None:
        await (there(exchange) if exchange.call.path.startswith("/v1/") else exchange.respond(404, {"error": "no"}))

    stub.default = only_with_v1
    connections = tmp_path / "connections.toml"
    connections.write_text(
        f'[connections.work]\nbase_url = "{stub.url}"\n[connections.gone]\nbase_url = "http://127.0.0.1:9"'
    )
    env = {"BASE_URL": stub.url.removesuffix("/v1"), "MODEL_NAME": "m", "CONNECTIONS": str(connections)}
    done = chatapp("doctor", env={**env, "CONTEXT_TOKENS": "4096"})

    assert (done.returncode, found(done)["address"], found(done)["model"]) == (0, "warn", "ok")
    assert f"Set BASE_URL to {stub.url}." in done.stdout
    assert (found(done)["work"], found(done)["gone"]) == ("ok", "warn")


@pytest.mark.parametrize(("named", "has"), [("/v1", "/openai/v1"), ("/api", "/v1"), ("/v1beta", "/v1beta/openai")])
def test_the_address_that_answers_is_named(named: str, has: str, stub: StubModel) -> None:
    there = scripts.answer("1 2 3 4")

    async def at_one_path(exchange: Exchange) -> None:
        is_there = exchange.call.path.startswith(f"{has}/")
        await (there(exchange) if is_there else exchange.respond(404, "404 page not found"))

    stub.default = at_one_path
    root = stub.url.removesuffix("/v1")
    found = examined(root + named)

    assert found["address"] == Finding("address", "fail", f"the API is at {root}{has}", f"Set BASE_URL to {root}{has}.")
    assert found["model"].verdict == "ok"


def test_where_nothing_chats_the_addresses_are_named_that_were_tried(stub: StubModel) -> None:
    stub.default = scripts.respond(405, {"detail": "Method Not Allowed"})  # as Agent Framework's DevUI, of responses
    found = examined(stub.url)

    root = stub.url.removesuffix("/v1")
    tried = f"{root} or {root}/api/v1 or {root}/openai/v1 or {stub.url}/openai"
    assert found["answer"].fix == f"Check BASE_URL: there is none at {tried} either."


def test_a_server_that_is_not_there_fails(chatapp: Run) -> None:
    with scripts.closed_port() as nobody:
        done = chatapp("doctor", env={"BASE_URL": nobody})

    assert (done.returncode, found(done)["address"]) == (1, "fail")
    assert "BASE_URL" in done.stdout


def test_a_model_that_is_unknown_fails(chatapp: Run, stub: StubModel) -> None:
    stub.models["nobody"] = scripts.status(404, "The model does not exist.", code="model_not_found")
    done = chatapp("doctor", env={"BASE_URL": stub.url, "MODEL_NAME": "nobody"})

    assert (done.returncode, found(done)["model"]) == (1, "fail")
    assert "does not have the model 'nobody'. Set MODEL_NAME to one it lists: stub-model." in done.stdout
    assert "LLM processing failed" not in done.stdout


def test_an_answer_that_is_held_back_is_told(chatapp: Run, stub: StubModel) -> None:
    stub.default = scripts.later(0.5, scripts.answer("1", " 2", " 3"))
    done = chatapp("doctor", env={"BASE_URL": stub.url})

    assert (done.returncode, found(done)["stream"]) == (0, "warn")
    assert "proxy_buffering" in done.stdout


@pytest.mark.parametrize(
    ("name", "script"),
    [("usage", scripts.answer("1", usage=False)), ("stop", scripts.answer("4 5 6")), ("stop", scripts.answer("4  6"))],
)
def test_what_a_server_leaves_out_is_a_warning(
    chatapp: Run, stub: StubModel, name: str, script: scripts.Script
) -> None:
    stub.default = script
    done = chatapp("doctor", env={"BASE_URL": stub.url})

    assert (done.returncode, found(done)[name]) == (0, "warn")


def test_a_server_that_does_not_list_is_a_warning(chatapp: Run, stub: StubModel) -> None:
    stub.listing = scripts.respond(404, {})
    done = chatapp("doctor", env={"BASE_URL": stub.url})

    assert (done.returncode, found(done)["listing"]) == (0, "warn")


def test_a_port_that_is_busy_fails(chatapp: Run, stub: StubModel) -> None:
    busy = stub.url.split(":")[2].removesuffix("/v1")
    done = chatapp("doctor", env={"BASE_URL": stub.url, "PORT": busy})

    assert (done.returncode, found(done)["port"]) == (1, "fail")


def test_json_holds_every_check(chatapp: Run, stub: StubModel) -> None:
    report = json.loads(chatapp("doctor", "--json", env={"BASE_URL": stub.url}).stdout)

    assert report["ok"] is True
    assert {"address", "key", "model", "stream", "store", "port"} <= {check["name"] for check in report["checks"]}
    assert all(check["verdict"] in {"ok", "warn", "fail"} and check["seen"] for check in report["checks"])


def test_a_setting_that_is_wrong_is_exit_code_2(chatapp: Run) -> None:
    done = chatapp("doctor", env={"PORT": "nowhere"})

    assert (done.returncode, done.stdout) == (2, "")
    assert "PORT" in done.stderr


def test_a_certificate_that_nobody_trusts_fails_until_it_is_trusted(chatapp: Run, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with served_with(context) as url:
        unknown = chatapp("doctor", env={"BASE_URL": url})
        trusted = chatapp("doctor", env={"BASE_URL": url, "SSL_CERT_FILE": str(certificate)})

    assert (unknown.returncode, found(unknown)["certificate"]) == (1, "fail")
    assert "SSL_CERT_FILE" in unknown.stdout
    assert found(trusted)["certificate"] == "ok"


def test_https_where_the_server_speaks_http_fails(chatapp: Run) -> None:
    class Refusing(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        done = chatapp("doctor", env={"BASE_URL": f"https://127.0.0.1:{server.server_address[1]}/v1"})
        server.shutdown()

    assert (done.returncode, found(done)["address"]) == (1, "fail")
    assert "TLS" in done.stdout
    assert "Try http:// in BASE_URL" in done.stdout


def test_a_file_of_authorities_that_is_missing_fails(chatapp: Run, stub: StubModel) -> None:
    env = {"BASE_URL": stub.url.replace("http", "https"), "SSL_CERT_FILE": "/nowhere.pem"}
    done = chatapp("doctor", env=env)

    assert (done.returncode, found(done)["certificate"]) == (1, "fail")
    assert "SSL_CERT_FILE" in done.stdout


@contextmanager
def served_with(context: ssl.SSLContext) -> Iterator[str]:
    """Return the address of a server that shows its certificate and has nothing else."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}/v1"
        server.shutdown()


def examined(base_url: str) -> dict[str, Finding]:
    """Return what is found of the model server, in this process."""
    settings = Settings.load(base_url=base_url, connect_timeout=1)
    upstream = configured_upstream(settings)
    assert upstream is not None
    return {finding.name: finding for finding in asyncio.run(examine_model(upstream, settings))}


def test_a_proxy_on_the_way_that_holds_an_answer_back_is_told(stub: StubModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Privoxy 3.0.34 does with its filters: findings/privoxy_holds_a_stream_until_its_end."""
    monkeypatch.setenv("HTTP_PROXY", stub.url.removesuffix("/v1"))
    stub.default = scripts.later(0.5, scripts.answer("1", " 2", " 3"))

    held = examined("http://models.example.org/v1")["stream"]

    assert (held.verdict, held.fix) == (
        "warn",
        "Except the model server in NO_PROXY, or turn the filters off in the proxy on the way.",
    )


def test_a_proxy_of_a_connection_that_holds_an_answer_back_is_told_by_its_place(stub: StubModel) -> None:
    stub.default = scripts.later(0.5, scripts.answer("1", " 2", " 3"))
    table = ConnectionTable(base_url="http://models.example.org/v1", proxy=stub.url.removesuffix("/v1"))

    findings = asyncio.run(examine_model(upstream_of("far", table), Settings.load(connect_timeout=1)))

    fixes = {finding.name: finding.fix for finding in findings}
    assert str(fixes["stream"]).startswith("Change proxy of [connections.far], or turn the filters off")


@pytest.mark.parametrize(("ahead_s", "verdict"), [(0, "ok"), (-7200, "warn"), (7200, "warn")])
def test_the_clock_is_held_against_the_server_s(ahead_s: int, verdict: str, stub: StubModel) -> None:
    now = formatdate(time.time() + ahead_s, usegmt=True)
    stub.default = scripts.respond(200, scripts.completion("1 2 3", model="m"), Date=now)

    assert examined(stub.url)["clock"].verdict == verdict


def test_a_server_that_hangs_up_between_questions_is_asked_again(stub: StubModel) -> None:
    answer = scripts.respond(200, scripts.completion("1 2 3", model="m"))
    stub.next(answer, scripts.hang_up, answer)

    assert examined(stub.url)["stop"] == Finding("stop", "ok", "nothing came behind it")


def test_a_proxy_is_named_and_asked(stub: StubModel, monkeypatch: pytest.MonkeyPatch) -> None:
    address = stub.url.removesuffix("/v1")
    monkeypatch.setenv("http_proxy", address)
    found = examined("http://192.0.2.10:8000/v1")

    assert found["proxy"] == Finding("proxy", "ok", address.removeprefix("http://"))
    assert found["model"].verdict == "ok"
    assert {call.path.partition("/v1")[0] for call in stub.requests} == {"http://192.0.2.10:8000"}


def test_a_proxy_that_is_not_there_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripts.closed_port() as nobody:
        monkeypatch.setenv("http_proxy", nobody.removesuffix("/v1"))
        found = examined("http://192.0.2.10:8000/v1")

    assert found["address"].verdict == "fail"
    assert "proxy" in (found["address"].fix or "")


def machine(settings: Settings, **facts: Callable[..., int | None]) -> dict[str, Finding]:
    """Return what is found of a machine of which `facts` are true."""
    return {finding.name: finding for finding in examine_machine(settings, **facts)}


def test_little_room_on_the_disk_is_a_warning() -> None:
    found = machine(Settings.load(), free_bytes=lambda _: 100 * 1024**2)["disk"]
    assert (found.verdict, found.seen) == ("warn", "100 MB free")
    assert "DATA_DIR" in (found.fix or "")


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ("CREATE TABLE books (id)", "another program's database"),
        (
            "CREATE TABLE conversations (id); CREATE TABLE alembic_version (version_num); "
            "INSERT INTO alembic_version VALUES ('9999')",
            "newer chatapp",
        ),
        (None, "not a database"),
    ],
    ids=["another program's", "a newer chatapp's", "a text"],
)
def test_a_store_that_is_not_ours_is_a_failure(tmp_path: Path, content: str | None, seen: str) -> None:
    if content is None:
        (tmp_path / "chatapp.db").write_text("Dear diary, " * 100)
    else:
        with closing(sqlite3.connect(tmp_path / "chatapp.db")) as connection:
            connection.executescript(content)
    found = machine(Settings.load(data_dir=tmp_path))["store"]
    assert found.verdict == "fail"
    assert seen in found.seen


@pytest.mark.parametrize(("limit", "verdict"), [(256, "warn"), (65536, "ok"), (None, "ok")])
def test_few_descriptors_are_a_warning(limit: int | None, verdict: str) -> None:
    assert machine(Settings.load(), most_descriptors=lambda: limit)["descriptors"].verdict == verdict


def test_a_database_is_asked_whether_it_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql://ann:s3cret@127.0.0.1:{server.getsockname()[1]}/chat"
        there = machine(Settings.load(database_url=url))["store"]
    gone = machine(Settings.load(database_url=url))["store"]

    assert (there.verdict, gone.verdict) == ("ok", "fail")
    assert "DATABASE_URL" in (gone.fix or "")
    assert "s3cret" not in f"{there}{gone}"


def test_without_a_server_the_embedded_model_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(as_json=True, choose=lambda _: None) == 0
    (address,) = [check for check in json.loads(capsys.readouterr().out)["checks"] if check["name"] == "address"]
    assert "embedded smollm2-135m" in address["seen"]
    assert "BASE_URL" in address["fix"]
