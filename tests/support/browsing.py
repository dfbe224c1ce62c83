"""What a person does with a browser, and how a test asks what it shows."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys as Key
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from starlette.types import Scope

from serving.keys import Caller, Refusal


class OneKey:
    """A door with one key."""

    def authorise(self, header: str | None, *_needed: object) -> Caller | Refusal:
        return Caller("k1", frozenset()) if header == "Bearer mine" else Refusal.UNAUTHORIZED

    def holds(self, key_id: str, *_needed: object) -> bool:
        return "k1" == key_id


class Silent:
    """Tells nobody; what fails, fails the test by the page that it asks for."""

    def let_in(self, scope: Scope, key_id: str) -> None:
        pass

    def failed(self, _scope: Scope, error: Exception) -> str:
        raise error


def logged(browser: webdriver.Chrome, kind: str) -> list[dict[str, Any]]:
    """What the browser logged of a kind since the last time."""
    return browser.get_log(kind)  # type: ignore[no-any-return, no-untyped-call]


def asked_for(browser: webdriver.Chrome) -> list[str]:
    """Every address that the browser asked for since."""
    events = [json.loads(entry["message"])["message"] for entry in logged(browser, "performance")]
    urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return [url for url in urls if not url.startswith(("data:", "chrome:", "file:"))]


@contextmanager
def leaving(browser: webdriver.Chrome) -> Iterator[None]:
    """Do what leads to another page, and wait until that is there."""
    browser.execute_script("window.left = true")
    yield
    WebDriverWait(browser, 30, 0.05).until(lambda one: one.execute_script("return !window.left && document.readyState === 'complete'"))


def looking(browser: webdriver.Chrome, width: int, scheme: str = "light") -> None:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    told = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": told})


def press(browser: webdriver.Chrome, *keys: str) -> None:
    ActionChains(browser).send_keys(*keys).perform()


def focused(browser: webdriver.Chrome) -> WebElement:
    return browser.switch_to.active_element


def tab_to(browser: webdriver.Chrome, wanted: Callable[[WebElement], bool], most: int = 40) -> WebElement:
    """Press the tab key until something wanted has the focus; each stop can be seen."""
    for _ in range(most):
        press(browser, Key.TAB)
        here = focused(browser)
        if wanted(here):
            assert "solid" == here.value_of_css_property("outline-style")
            assert here.is_displayed()
            return here
    raise AssertionError(f"not reached with {most} tabs")


def named(name: str) -> Callable[[WebElement], bool]:
    return lambda element: name in (element.get_attribute("id"), element.get_attribute("name"), element.text)


def typed(browser: webdriver.Chrome, name: str) -> str:
    return browser.find_element(By.ID, name).get_property("value")  # type: ignore[return-value]


def fill(browser: webdriver.Chrome, name: str, text: str) -> None:
    browser.execute_script("document.getElementById(arguments[0]).value = arguments[1]", name, text)


def submit(browser: webdriver.Chrome, button: str = "//button[text()='Rank']") -> None:
    with leaving(browser):
        browser.find_element(By.XPATH, button).click()


def sign_in(browser: webdriver.Chrome, key: str) -> None:
    with leaving(browser):
        browser.find_element(By.ID, "key").send_keys(key, Key.ENTER)


def text(browser: webdriver.Chrome, css: str = "body") -> str:
    return browser.find_element(By.CSS_SELECTOR, css).text


def installed(*names: str) -> str:
    """Where the first of some programs is; without any the test is skipped, and fails in CI."""
    for name in names:
        if path := shutil.which(name):
            return path
    reason = f"no {names[0]} is installed; install it, such as by apt install chromium chromium-driver"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
