"""What every page keeps to, so that it can be heard, tabbed through, and read in either light."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from msgspec.structs import replace as with_fields

from domain.policy import Objective
from serving.inspector.page import STYLE, render_sign_in
from serving.inspector.respond import respond
from serving.wire import ExcludedOffer, Fit, RankReply, RankRequest
from tests.support.inspected import House, reason

VOID = {"meta", "link", "input", "br", "img", "col", "hr"}
CONTROLS = ("input", "select", "textarea")


class Full(House):
    """A house whose rankings have everything that a page can show."""

    def rank(self, request: RankRequest, objective: Objective) -> RankReply:
        reply = super().rank(request, objective)
        told = {"fit": Fit(small=0.1, fits=0.8, large=0.1), "reasons": [reason("raises"), reason("lowers")], "p_return_for": {"size": 0.1}}
        offers = [with_fields(one, **told) for one in reply.offers]
        dropped = offers.pop() if objective == "conversion" else offers.pop(0)
        left_out = ExcludedOffer(sku=f"no-{dropped.sku}", reason="hidden")
        return with_fields(reply, offers=offers, excluded=[left_out], unknown_offers=["u"], cut_by_limit=1, order_bonus=5)


PAGES = {
    "start": respond({}, House())[1],
    "signed in": respond({}, House(), signed_in=True)[1],
    "ranked": respond({"skus": "a b c d"}, Full())[1],
    "ranked without sizes": respond({"skus": "a b c d"}, House())[1],
    "wrong form": respond({"country": "x", "customer": "c" * 201}, House())[1],
    "wrong json": respond({"how": "paste", "json": "{"}, House())[1],
    "sign-in": render_sign_in({"json": "{"}),
    "refused": render_sign_in({}, "No such key."),
}


@dataclass
class Element:
    """A tag, with what stands in it."""

    tag: str
    attributes: dict[str, str | None]
    within: Element | None
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def inside(self, *tags: str) -> bool:
        return self.tag in tags or (self.within is not None and self.within.inside(*tags))


class Document(HTMLParser):
    """All elements of a page; a tag that is not closed where it should be is an error."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(page.decode())
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute twice in {self.get_starttag_text()}"
        element = Element(tag, dict(attrs), self._open[-1] if self._open else None)
        self.elements.append(element)
        if element.within is not None:
            element.within.children.append(element)
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>") and tag != "option":
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag != "option":
            assert tag == self._open.pop().tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]


@pytest.fixture(params=PAGES, scope="module")
def document(request: pytest.FixtureRequest) -> Document:
    return Document(PAGES[request.param])


def test_a_page_says_its_language_its_title_and_how_wide_it_is(document: Document) -> None:
    assert ["en"] == [html.attributes["lang"] for html in document.all("html")]
    assert all(title.text.strip() for title in document.all("title"))
    assert any(meta.attributes.get("name") == "viewport" for meta in document.all("meta"))


def test_there_is_one_main_part_and_one_first_heading_and_no_level_is_left_out(document: Document) -> None:
    levels = [int(heading.tag[1]) for heading in document.all("h1", "h2", "h3", "h4")]

    assert 1 == len(document.all("main"))
    assert 1 == levels[0]
    assert 1 == levels.count(1)
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_no_id_comes_twice_and_every_reference_leads_somewhere(document: Document) -> None:
    ids = [element.attributes["id"] for element in document.elements if "id" in element.attributes]
    targets = [
        target
        for element in document.elements
        for name in ("for", "aria-describedby", "aria-labelledby", "list", "form")
        for target in (element.attributes.get(name) or "").split()
    ]
    links = [(link.attributes["href"] or "").removeprefix("#") for link in document.all("a")]

    assert len(ids) == len(set(ids))
    assert set() == {*targets, *links} - set(ids)


def test_every_field_has_a_label(document: Document) -> None:
    labelled = {label.attributes.get("for") for label in document.all("label")}

    for control in document.all(*CONTROLS):
        if control.attributes.get("type") != "hidden" and "hidden" not in control.attributes:
            assert control.attributes["id"] in labelled or control.inside("label"), control


def test_every_button_and_link_and_summary_says_what_it_does(document: Document) -> None:
    assert all(one.text.strip() for one in document.all("button", "a", "summary"))


def test_every_section_has_a_name_and_every_table_a_caption_and_headed_cells(document: Document) -> None:
    assert all("aria-labelledby" in section.attributes for section in document.all("section"))
    for table in document.all("table"):
        assert table.children[0].tag == "caption"
        assert table.children[0].text.strip()
    assert all("scope" in th.attributes for th in document.all("th"))


def test_pictures_are_for_eyes_only(document: Document) -> None:
    for svg in document.all("svg"):
        hidden = svg.attributes.get("aria-hidden") or (svg.within and svg.within.attributes.get("aria-hidden"))
        assert "true" == hidden


def test_arrows_are_said_in_words() -> None:
    text = Document(PAGES["ranked without sizes"]).all("body")[0].text

    assert text.count("▲") == text.count("up 3 places") + text.count("up 1 place") > 0
    assert text.count("▼") == text.count("down 3 places") + text.count("down 1 place") > 0


def test_only_the_first_skip_leads_past_the_form() -> None:
    assert "#results" == Document(PAGES["ranked"]).all("a")[0].attributes["href"]


def _themes() -> dict[str, dict[str, str]]:
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL))
    assert light.keys() == dark.keys()
    return {"light": light, "dark": dark}


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_the_standard_does() -> None:
    assert 21.0 == contrast("#000000", "#ffffff")
    assert 4.48 == round(contrast("#777777", "#ffffff"), 2)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "pale", "accent", "gain", "loss", "bad"])
def test_text_can_be_read_on_every_ground(theme: str, text: str) -> None:
    colours = _themes()[theme]

    assert all(4.5 <= contrast(colours[text], colours[ground]) for ground in ("paper", "card", "shade"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_buttons_can_be_read_and_bars_and_edges_be_seen(theme: str) -> None:
    colours = _themes()[theme]

    assert 4.5 <= contrast(colours["on-accent"], colours["accent"])
    assert all(3.0 <= contrast(colours[bar], colours["card"]) for bar in ("gain", "loss", "sum", "edge"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_gain_and_loss_differ_for_whoever_sees_no_red_and_no_green(theme: str) -> None:
    gain, loss = (_themes()[theme][name] for name in ("gain", "loss"))
    blue = [int(colour[5:7], 16) for colour in (gain, loss)]

    assert blue[0] - blue[1] > 100


def test_every_colour_is_one_of_the_themes() -> None:
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)

    assert [] == re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)
