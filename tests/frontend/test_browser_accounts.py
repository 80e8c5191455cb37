"""Signing in with an account from elsewhere, in a real browser and before a provider of accounts on this machine."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatapp.client import BackendClient
from support import scripts
from support.running_backend import RunningBackend, backend_before
from support.running_page import running_page
from support.stub_model import StubModel

pytest.importorskip("selenium")
pytest.importorskip("authlib")

from selenium.webdriver import Chrome

from support.browsing import Page, needs_browser
from support.openid_provider import OpenIdProvider

pytestmark = needs_browser

KEYS = "ann+chat@example.org:key-of-ann,bob@example.org:key-of-bob"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    with OpenIdProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def backend(model: StubModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBackend]:
    with backend_before(model, tmp_path_factory.mktemp("data"), api_keys=KEYS, share_links=True) as backend:
        yield backend


@pytest.fixture(scope="module")
def locked_port(
    provider: OpenIdProvider, backend: RunningBackend, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The port of a page that lets in whoever has a key, and where `provider` says who somebody is."""
    folder = tmp_path_factory.mktemp("page")
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "secrets.toml").write_text(provider.secrets_toml())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("API_KEYS", KEYS)
        with running_page(backend.url) as port:
            yield port


@pytest.fixture
def sign_in(browser: Chrome, locked_port: int, provider: OpenIdProvider) -> Callable[..., Page]:
    """Sign in as whoever the provider says has come."""

    def sign_in(email: str, *, email_verified: bool = True) -> Page:
        provider.claims = {"email": email, "email_verified": email_verified}
        browser.delete_all_cookies()
        browser.get(f"http://127.0.0.1:{locked_port}/")
        page = Page(browser, locked_port)
        page.click("sign-in-with-example")
        page.wait_for(".st-key-sign-out")
        return page

    return sign_in


def test_a_person_with_a_key_comes_in_and_talks(sign_in: Any, backend: RunningBackend) -> None:
    page = sign_in("Ann+Chat@example.org")
    page.ask("Why?")
    page.wait_for_answer("Hello from the stub.")

    with (
        BackendClient(backend.url, api_key="key-of-ann") as ann,
        BackendClient(backend.url, api_key="key-of-bob") as bob,
    ):
        assert [item.title for item in ann.conversations.page().items] == ["Why?"]
        assert bob.conversations.page().items == ()


def test_nobody_sees_what_another_person_has_asked(sign_in: Any, backend: RunningBackend) -> None:
    with BackendClient(backend.url, api_key="key-of-ann") as ann:
        conversation = ann.ask("A secret of Ann", store=True).conversation_id

    page = sign_in("bob@example.org")
    page.open(query=f"?c={conversation}")

    page.wait_for("[data-testid='stAlert']")
    assert "A secret of Ann" not in page.text


def test_a_link_that_was_made_is_copied_by_the_next_key(sign_in: Any, backend: RunningBackend) -> None:
    with BackendClient(backend.url, api_key="key-of-ann") as ann:
        conversation = ann.ask("For others", store=True).conversation_id
    page = sign_in("ann+chat@example.org")
    page.wait_for(f".st-key-open-{conversation}")

    page.choose(conversation, "Share")
    page.click("share-make")

    button = page.wait_for("[data-testid='stDialog'] [data-testid='stCode'] button")
    page.wait_until(lambda driver: driver.switch_to.active_element == button and button.is_displayed(), "it focused")


@pytest.mark.parametrize(
    ("email", "is_verified", "says"),
    [("eve@example.org", True, "has no key here"), ("ann+chat@example.org", False, "no verified e-mail address")],
    ids=["an unknown account", "whoever says to be somebody"],
)
def test_an_account_alone_opens_nothing(email: str, is_verified: bool, says: str, sign_in: Any) -> None:
    page = sign_in(email, email_verified=is_verified)

    page.wait_for(".st-key-sign-in", says)
    assert page.run("return document.querySelectorAll('[data-testid=stChatInput]').length") == 0


def test_whoever_signs_out_is_asked_again(sign_in: Any) -> None:
    page = sign_in("ann+chat@example.org")

    page.click("sign-out")

    page.wait_for(".st-key-sign-in-with-example")
    assert len(page.driver.find_elements("css selector", "[class*='st-key-sign-in-with-']")) == 1


def test_whoever_types_a_key_stays_signed_in_until_they_sign_out(browser: Chrome, locked_port: int) -> None:
    browser.delete_all_cookies()
    page = Page(browser, locked_port)
    browser.get(f"http://127.0.0.1:{locked_port}/")
    page.wait_for(".st-key-sign-in input[type='password']:focus").send_keys("key-of-bob", page.ENTER)
    page.wait_for(".st-key-account", "example.org")
    page.wait_until(lambda _: browser.get_cookie(f"chatapp_sign_in_{locked_port}"), "a cookie")
    assert page.run("return document.cookie").find("chatapp_sign_in") < 0

    browser.refresh()
    page.wait_for(".st-key-account", "example.org")
    page.ask("Why?")
    page.wait_for(".announcer", "Hello from the stub.")
    page.click("sign-out")

    page.wait_for(".st-key-sign-in input[type='password']")
    page.wait_for(".st-key-sign-in input[type='password']:focus")
    page.wait_until(lambda _: "Hello from the stub." not in page.text, "nothing that was said")
    browser.refresh()
    page.wait_for(".st-key-sign-in input[type='password']")
    page.wait_until(lambda _: not browser.get_cookie(f"chatapp_sign_in_{locked_port}"), "no cookie")


def test_an_answer_in_the_making_goes_where_another_tab_signs_out(
    browser: Chrome, locked_port: int, model: StubModel
) -> None:
    page = Page(browser, locked_port)
    browser.delete_all_cookies()
    browser.get(f"http://127.0.0.1:{locked_port}/")
    page.wait_for(".st-key-sign-in input[type='password']").send_keys("key-of-bob", page.ENTER)
    page.wait_until(lambda _: browser.get_cookie(f"chatapp_sign_in_{locked_port}"), "a cookie")
    model.next(scripts.answer("A secret of Bob, ", *("word ", 1.0) * 60))
    page.ask("Why?")
    page.wait_for_answer("A secret of Bob")
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    page.open()
    page.click("sign-out")
    page.wait_for(".st-key-sign-in input[type='password']")
    browser.close()
    browser.switch_to.window(first)

    page.wait_for(".st-key-sign-in input[type='password']")
    page.wait_until(lambda _: "A secret of Bob" not in page.text, "nothing that was said")
