"""A browser with the page open in it, and what a person does there."""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from support.scripts import PATIENCE_S

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
QUIET = "no-first-run disable-background-networking disable-component-update disable-sync disable-quic disable-gpu"
NEITHER_TOLD = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)
HOSTS = "MAP chat.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver")


@contextmanager
def running_browser(profile: Path, downloads: Path) -> Iterator[Chrome]:
    """Return a browser that reaches nothing but this machine; what it downloads goes to `downloads`."""
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    flags = ["headless", "no-sandbox", "disable-dev-shm-usage", "window-size=1280,900", f"user-data-dir={profile}"]
    for flag in [*flags, *QUIET.split(), f"host-resolver-rules={HOSTS}"]:
        options.add_argument(f"--{flag}")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


class Found(WebElement):
    """An element of the page; what is done with it is done to its successor where the page has drawn it anew."""

    def __init__(self, page: "Page", found: WebElement, find: Callable[[Chrome], WebElement | None]) -> None:
        super().__init__(found.parent, found.id)
        self._page, self._find = page, find

    def get_attribute(self, name: str) -> str | None:
        return self._do(lambda: super(Found, self).get_attribute(name))

    def is_displayed(self) -> bool:
        return bool(self._do(super().is_displayed))

    def _execute(self, command: str, params: dict[str, Any] | None = None) -> Any:
        return self._do(lambda: super(Found, self)._execute(command, params))

    def _do(self, act: Callable[[], Any]) -> Any:
        def try_it(driver: Chrome) -> list[Any]:
            try:
                return [act()]
            except StaleElementReferenceException:
                if found := self._find(driver):
                    self._id = found.id
                raise

        return self._page.wait_until(try_it, "what was found")[0]


class Page:
    """A browser with the page open in it."""

    ENTER, CONTROL = Keys.ENTER, Keys.CONTROL

    def __init__(self, driver: Chrome, port: int) -> None:
        self.driver = driver
        self.port = port

    def open(self, host: str = "127.0.0.1", *, query: str = "") -> None:
        """Open the page in a new session, and wait until it can be used."""
        self.driver.get(f"http://{host}:{self.port}/{query}")
        self.wait_for("[data-testid='stChatInputTextArea']")

    def wait_for(self, selector: str, text: str = "") -> Any:
        """Return the first element that fits `selector` and holds `text`, once there is one."""

        def find(driver: Chrome) -> Any:
            return next(
                (found for found in driver.find_elements(By.CSS_SELECTOR, selector) if text in found.text), None
            )

        return Found(self, self.wait_until(find, f"{selector} with {text!r}"), find)

    def wait_until(self, is_so: Callable[[Chrome], Any], what: str) -> Any:
        waiting = WebDriverWait(self.driver, PATIENCE_S, poll_frequency=0.05, ignored_exceptions=NEITHER_TOLD)
        try:
            return waiting.until(is_so)
        except TimeoutException:
            pytest.fail(f"{what} is not on the page:\n{self.text}")

    def ask(self, prompt: str) -> None:
        self.wait_for("[data-testid='stChatInputTextArea']").send_keys(prompt + Keys.ENTER)

    def click(self, key: str) -> None:
        """Click once what is drawn with `key`, also where the page is just drawing it anew."""

        def click(driver: Chrome) -> bool:
            driver.find_element(By.CSS_SELECTOR, f".st-key-{key} :is(button, label)").click()
            return True

        self.wait_until(click, key)

    def scroll_up(self) -> None:
        """Turn the wheel until the first message that is shown is there."""
        place = self.wait_for("[data-testid='stMainBlockContainer']")
        ActionChains(self.driver).scroll_from_origin(ScrollOrigin.from_element(place), 0, -100_000).perform()

    def choose(self, conversation_id: str, entry: str) -> None:
        """Choose an entry of a conversation's menu in the list."""

        def choose(driver: Chrome) -> bool:  # the end of an answer draws the row anew
            entries = driver.find_elements(By.CSS_SELECTOR, "[role='menuitem'], [role='option']")
            if wanted := next((found for found in entries if entry in found.text), None):
                wanted.click()
                return True
            row = driver.find_element(By.CSS_SELECTOR, f".st-key-open-{conversation_id}")
            menu = driver.find_element(By.CSS_SELECTOR, f".st-key-menu-{conversation_id} button")
            ActionChains(driver).move_to_element(row).pause(0.2).click(menu).perform()
            return False

        self.wait_until(choose, entry)

    def wait_for_answer(self, text: str) -> None:
        self.wait_for("[aria-label='Chat message from assistant']", text)

    def copy_code(self) -> None:
        """Click the copy button of the first code block the way a hand does, and wait until it says that it copied."""
        self.wait_for(".transcript .copy-code").click()
        self.wait_for(".transcript .copy-code", "Copied")

    def received(self) -> bytes:
        """Return what has come over websockets since this was last asked."""
        return b"".join(self.received_frames())

    def received_frames(self) -> list[bytes]:
        """Return the same as the frames that it came in."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        frames = [it["params"]["response"] for it in events if it["method"] == "Network.webSocketFrameReceived"]
        is_binary = 2
        return [
            base64.b64decode(it["payloadData"]) if it["opcode"] == is_binary else it["payloadData"].encode()
            for it in frames
        ]

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    @property
    def text(self) -> str:
        return str(self.driver.find_element(By.TAG_NAME, "body").text)
