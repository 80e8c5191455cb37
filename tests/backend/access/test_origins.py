"""Which web pages may ask, and read the answers."""

import pytest
import requests

from support.running_backend import RunningBackend

pytestmark = pytest.mark.faults

FOREIGN = {"Origin": "https://evil.example"}
PREFLIGHT = {"Access-Control-Request-Method": "POST"}


@pytest.mark.parametrize("path", ["/import", "/query", "/turns/some/cancel", "/conversations/some/restore"])
def test_a_foreign_page_cannot_send_what_needs_no_preflight(backend: RunningBackend, path: str) -> None:
    answer = requests.post(backend.url + path, data="{}", headers={**FOREIGN, "Content-Type": "text/plain"}, timeout=10)

    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign_origin"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "null", "", "http://evil.example//localhost"])
def test_an_origin_that_is_none_is_foreign(origin: str, backend: RunningBackend) -> None:
    answer = requests.post(f"{backend.url}/query", json={"prompt": "Hi"}, headers={"Origin": origin}, timeout=10)

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT"])
def test_a_foreign_page_changes_nothing_whatever_the_method(method: str, backend: RunningBackend) -> None:
    answer = requests.request(method, f"{backend.url}/conversations/some", headers=FOREIGN, timeout=10)

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


def test_a_foreign_preflight_is_refused_in_the_one_shape_of_errors(backend: RunningBackend) -> None:
    answer = requests.options(f"{backend.url}/query", headers=FOREIGN | PREFLIGHT, timeout=10)

    assert answer.status_code == 403
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_a_foreign_page_cannot_read_an_answer(backend: RunningBackend) -> None:
    answer = requests.get(f"{backend.url}/health", headers=FOREIGN, timeout=10)

    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:8501", "https://localhost"])
def test_pages_of_this_machine_may_ask_and_read(backend: RunningBackend, origin: str) -> None:
    answer = requests.post(f"{backend.url}/query", json={"prompt": "Hi"}, headers={"Origin": origin}, timeout=10)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"


def test_the_backend_s_own_page_may_ask_under_any_of_its_names(run_backend) -> None:
    backend = run_backend(allowed_hosts=("chat.example.org",))
    names = {"Host": f"chat.example.org:{backend.port}", "Origin": f"http://chat.example.org:{backend.port}"}

    assert requests.post(f"{backend.url}/query", json={"prompt": "Hi"}, headers=names, timeout=10).status_code == 200


def test_only_the_origins_that_are_named_may_ask(run_backend) -> None:
    backend = run_backend(cors_origins=("https://chat.example.org",))

    def status(origin: str) -> int:
        return requests.post(
            f"{backend.url}/query", json={"prompt": "Hi"}, headers={"Origin": origin}, timeout=10
        ).status_code

    assert status("https://chat.example.org") == 200
    assert status("http://localhost:3000") == 403


def test_every_page_may_read_without_credentials_if_the_user_says_so(run_backend) -> None:
    backend = run_backend(cors_origins=("*",))
    answer = requests.post(f"{backend.url}/query", json={"prompt": "Hi"}, headers=FOREIGN, timeout=10)

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
