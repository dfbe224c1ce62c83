"""The inspector as people use it: a real browser, without a network, at a server on the loopback interface."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys as Key
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from serving.inspector.entrance import Entrance
from serving.inspector.of_serving import Advises, OfServing
from serving.inspector.web import Inspector
from serving.keys import Anyone, Door
from serving.launch import free_port
from serving.limits import Limits
from serving.state import Serving
from serving.wire import MAX_OFFERS
from tests.support.browsing import (
    OneKey,
    Silent,
    asked_for,
    fill,
    focused,
    installed,
    leaving,
    logged,
    looking,
    named,
    press,
    sign_in,
    submit,
    tab_to,
    text,
    typed,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run")
HOSTILE = "<script>document.title = 'taken'</script>\"'><img src=x onerror=\"document.title = 'taken'\">"


@pytest.fixture(scope="module")
def served(ordering: Serving, advises: Advises) -> Iterator[Callable[[Door], str]]:
    """Serves the page behind a door, and says where."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve(door: Door) -> str:
        entrance = Entrance(door, b"s" * 32, now=time.time)
        limits = Limits(1_048_576, 16_384, 32, 10.0)
        inspector = Inspector(lambda: OfServing(ordering, "settings", advises), entrance, limits, Silent(), run_in_threadpool)
        port, app = free_port(), Starlette(routes=[Route("/inspector", inspector)])
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", ws="none", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        servers.append((server, thread))
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        return f"http://127.0.0.1:{port}/inspector"

    yield serve
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def open_page(served: Callable[[Door], str]) -> str:
    return served(Anyone())


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location, driver = installed(*BROWSERS), installed("chromedriver")
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver)) as one:
        yield one


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """A browser that forgot the last test; after the test, its console is empty and it asked nobody but the server."""
    chromium.delete_all_cookies()
    looking(chromium, 1280)
    logged(chromium, "browser")
    logged(chromium, "performance")
    yield chromium
    assert [] == [entry for entry in logged(chromium, "browser") if "the server responded with a status of 4" not in entry["message"]]
    assert {"127.0.0.1"} >= {urlsplit(url).hostname for url in asked_for(chromium)}


def test_a_shopper_is_ranked_for_by_keyboard_alone(browser: webdriver.Chrome, open_page: str) -> None:
    browser.get(open_page)
    press(browser, Key.TAB)
    assert "Skip to the form" == focused(browser).text
    press(browser, Key.ENTER)

    tab_to(browser, named("how-choose"))
    tab_to(browser, named("customer"))
    press(browser, "c000001")
    tab_to(browser, named("country"), most=1)
    press(browser, "DE")
    tab_to(browser, named("count"), most=2)
    press(browser, Key.BACKSPACE, Key.BACKSPACE, "8")
    with leaving(browser):
        press(browser, Key.ENTER)

    assert "8 offers for customer c000001" == text(browser, "#results h2")
    assert ("c000001", "DE", "8") == (typed(browser, "customer"), typed(browser, "country"), typed(browser, "count"))
    # the browser went on to the results: the next stops are their links
    link = tab_to(browser, lambda element: element.tag_name == "a", most=2)
    assert link.is_displayed()


def test_an_offer_is_opened_and_looked_at_closer_by_keyboard_alone(browser: webdriver.Chrome, open_page: str) -> None:
    browser.get(open_page + "?customer=c000001&country=DE&count=3")
    summary = tab_to(browser, lambda element: element.tag_name == "summary" and element.text.startswith("2."))
    sku = summary.find_element(By.CSS_SELECTOR, ".sku").text

    press(browser, Key.SPACE)
    tab_to(browser, lambda element: element.get_attribute("name") == "focus", most=1)
    with leaving(browser):
        press(browser, Key.ENTER)

    assert f"A closer look: {sku}" == text(browser, "#closer h2")
    assert "c000001" == typed(browser, "customer")


def test_a_link_in_a_list_opens_the_offers_money(browser: webdriver.Chrome, open_page: str) -> None:
    browser.get(open_page + "?count=5")
    assert not browser.find_element(By.ID, "offer-5").is_displayed()

    browser.find_element(By.CSS_SELECTOR, "table.list:last-of-type a[href='#offer-5']").click()

    assert browser.find_element(By.ID, "offer-5").is_displayed()


def test_another_draw_brings_other_offers(browser: webdriver.Chrome, open_page: str) -> None:
    browser.get(open_page + "?count=5")
    before = {link.text for link in browser.find_elements(By.CSS_SELECTOR, ".list .sku")}

    submit(browser, "//button[text()='Draw other offers']")

    assert 5 == len(before)
    assert before != {link.text for link in browser.find_elements(By.CSS_SELECTOR, ".list .sku")}


def test_only_the_fields_of_the_chosen_way_are_shown_and_both_are_kept(browser: webdriver.Chrome, open_page: str) -> None:
    browser.get(open_page)
    fill(browser, "customer", "c1")
    browser.find_element(By.ID, "how-paste").click()
    assert [False, True] == [browser.find_element(By.ID, name).is_displayed() for name in ("customer", "json")]

    fill(browser, "json", "{")
    submit(browser)

    assert ("{", "c1") == (typed(browser, "json"), typed(browser, "customer"))


def test_a_pasted_request_is_ranked(browser: webdriver.Chrome, open_page: str, ordering: Serving) -> None:
    skus = list(ordering.products)[:3]
    browser.get(open_page)
    browser.find_element(By.ID, "how-paste").click()
    pasted = json.dumps({"customer_id": "c000002", "offers": [{"sku": sku, "available": 9, "p_order": 0.1} for sku in skus]}, indent=2)
    fill(browser, "json", pasted)

    submit(browser)

    assert "3 offers for customer c000002" == text(browser, "#results h2")
    assert pasted == typed(browser, "json")


@pytest.mark.parametrize("pasted", ["{\n  not json", '{"offers": [{"sku": "a", "prize": 1}]}\n', "\n\n<\\/textarea>"])
def test_wrong_json_is_kept_and_told_at_its_field_and_to_who_listens(browser: webdriver.Chrome, open_page: str, pasted: str) -> None:
    browser.get(open_page)
    browser.find_element(By.ID, "how-paste").click()
    fill(browser, "json", pasted)

    submit(browser)

    assert pasted == typed(browser, "json")
    assert "alert" == focused(browser).get_attribute("role")
    told = browser.find_element(By.ID, "json").get_attribute("aria-describedby") or ""
    assert text(browser, f"#{told.split()[-1]}")
    assert not browser.find_elements(By.ID, "results")


def test_hostile_text_is_shown_and_does_nothing(browser: webdriver.Chrome, open_page: str) -> None:
    request = {"customer_id": HOSTILE, "offers": [{"sku": HOSTILE, "price": 5000, "p_order": 0.1}, {"sku": "b", "p_order": 0.2}]}
    for how, fields in {"choose": {"customer": HOSTILE, "skus": HOSTILE}, "paste": {"json": json.dumps(request)}}.items():
        browser.get(open_page)
        browser.find_element(By.ID, f"how-{how}").click()
        for name, value in fields.items():
            fill(browser, name, value)
        submit(browser)
        assert HOSTILE in text(browser)
        assert "taken" not in browser.title
        assert not browser.find_elements(By.CSS_SELECTOR, "img, script")


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_width_in_either_light(browser: webdriver.Chrome, open_page: str, width: int, scheme: str) -> None:
    looking(browser, width, scheme)
    browser.get(open_page + "?customer=c000001&country=DE&count=8")

    seen, needed = browser.execute_script("return [document.documentElement.clientWidth, document.documentElement.scrollWidth]")
    assert needed <= seen <= width
    lists = browser.find_elements(By.CSS_SELECTOR, "table.list")
    beside = lists[0].rect["y"] == lists[1].rect["y"]
    assert (width == 1280) is beside
    ground, ink = (
        sum(map(int, browser.find_element(By.TAG_NAME, "body").value_of_css_property(name).removeprefix("rgba(").split(", ")[:3]))
        for name in ("background-color", "color")
    )
    assert (scheme == "light") is (ground > ink)


def test_the_lines_between_the_lists_meet_their_rows(browser: webdriver.Chrome, open_page: str) -> None:
    browser.get(open_page + "?customer=c000001&country=DE&count=40")
    picture = browser.find_element(By.CSS_SELECTOR, "svg.moves").rect
    for table in browser.find_elements(By.CSS_SELECTOR, "table.list"):
        rows = [row.rect for row in table.find_elements(By.CSS_SELECTOR, "tbody tr")]
        middles = [row["y"] + row["height"] / 2 for row in rows]
        wanted = [picture["y"] + picture["height"] * (place + 0.5) / 40 for place in range(40)]
        assert all(abs(one - other) < 5 for one, other in zip(wanted, middles, strict=True))


def test_as_many_offers_as_a_request_may_hold_are_shown(browser: webdriver.Chrome, open_page: str, ordering: Serving) -> None:
    shown = [sku for sku, product in ordering.products.items() if not product.hidden][:MAX_OFFERS]
    offers = [{"sku": sku, "available": 9} for sku in shown]
    browser.get(open_page)
    browser.find_element(By.ID, "how-paste").click()
    fill(browser, "json", json.dumps({"customer_id": "c000001", "offers": offers}))

    submit(browser)

    assert f"{len(offers)} offers for customer c000001" == text(browser, "#results h2")
    assert len(offers) == len(browser.find_elements(By.CSS_SELECTOR, "details.offer"))


def test_a_key_opens_the_page_for_a_session_and_sign_out_closes_it(browser: webdriver.Chrome, served: Callable[[Door], str]) -> None:
    browser.get(served(OneKey()) + "?customer=c000001&count=4")
    assert "Sign in" == text(browser, "h2")

    sign_in(browser, "wrong")
    assert "No such key" in text(browser)
    sign_in(browser, "mine")
    assert "4 offers for customer c000001" == text(browser, "#results h2")

    (cookie,) = browser.get_cookies()
    assert (True, "Strict", "/inspector") == (cookie["httpOnly"], cookie["sameSite"], cookie["path"])
    submit(browser)
    assert "4 offers for customer c000001" == text(browser, "#results h2")
    submit(browser, "//button[text()='Sign out']")
    assert "Sign in" == text(browser, "h2")
    assert [] == browser.get_cookies()


def test_the_browser_itself_says_when_a_form_comes_from_elsewhere(
    browser: webdriver.Chrome, served: Callable[[Door], str], tmp_path: Path
) -> None:
    address = served(OneKey())
    browser.get(address)
    sign_in(browser, "mine")
    elsewhere = tmp_path / "elsewhere.html"
    elsewhere.write_text(f'<form method="post" action="{address}"><input name="sign_out" value="1"><button>Go</button></form>')

    browser.get(elsewhere.as_uri())
    submit(browser, "//button")

    assert "not sent by a page of this service" in text(browser)
    browser.get(address)
    assert "Sign out" in text(browser)
