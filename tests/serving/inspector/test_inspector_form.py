"""What is typed, what becomes of it, and what the page says of it."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from serving.inspector.respond import respond, respond_to_failure
from serving.inspector.typed import MOST_DRAWN
from tests.support.inspected import ABOUT, House

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*191 }}"


class _Fields(HTMLParser):
    """What stands in the fields of a page, as a browser reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.tags: list[str] = []
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        told = dict(attrs)
        if tag == "input" and told.get("type") != "radio":
            self.values[told["name"] or ""] = told.get("value") or ""
        elif tag == "textarea":
            self._inside = told["name"]
            self.values[self._inside or ""] = ""

    def handle_data(self, data: str) -> None:
        if self._inside is not None:
            self.values[self._inside] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._inside = None


def fields(page: bytes) -> _Fields:
    found = _Fields()
    found.feed(page.decode())
    found.values = {name: value.removeprefix("\n") for name, value in found.values.items()}  # a browser drops a textarea's first line break
    return found


def skus_of(house: House) -> list[str]:
    return [offer.sku for offer in house.asked[-1].offers]


def test_at_first_there_is_a_form_and_nothing_is_ranked() -> None:
    house = House()

    status, page = respond({}, house)

    assert (200, []) == (status, house.asked)
    assert b"Rank</button>" in page
    assert b"snapshot1" in page


def test_both_rankings_are_of_the_same_explained_request() -> None:
    house = House()

    status, _ = respond({"customer": " c1 ", "country": "de", "skus": "a, b\r\nc;d"}, house)

    assert 200 == status
    assert 2 == len(house.asked)
    assert house.asked[0] is house.asked[1]
    assert ("c1", "DE", True) == (house.asked[0].customer_id, house.asked[0].country, house.asked[0].explain)
    assert ["a", "b", "c", "d"] == skus_of(house)


@pytest.mark.parametrize(("draw", "skus"), [("1", ["a", "b"]), ("2", ["b", "c"])])
def test_offers_are_drawn_where_none_are_named(draw: str, skus: list[str]) -> None:
    house = House()

    respond({"count": "2", "draw": draw}, house)

    assert skus == skus_of(house)


def test_a_pasted_request_is_ranked_as_it_stands() -> None:
    house = House()

    status, _ = respond({"how": "paste", "json": '{"offers": [{"sku": "z", "price": 5}], "limit": 1}', "skus": "ignored"}, house)

    assert 200 == status
    assert [("z", 5)] == [(offer.sku, offer.price) for offer in house.asked[0].offers]
    assert (1, True) == (house.asked[0].limit, house.asked[0].explain)


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"how": "paste", "json": "{"}, 400, "JSON"),
        ({"how": "paste", "json": ""}, 400, "JSON"),
        ({"how": "paste", "json": '{"offers": [{"sku": "a", "prize": 1}]}'}, 422, "/offers/0/prize"),
        ({"how": "paste", "json": '{"offers": [{"sku": "a"}, {"sku": "a"}]}'}, 422, "/offers/1/sku"),
        ({"how": "paste", "json": '{"offers": [{"sku": "a"}], "currency": "USD"}'}, 422, "/currency"),
        ({"how": "paste", "json": "[" * 100_000}, 422, "Expected"),
        ({"how": "elsewhere"}, 422, "choose or paste"),
        ({"country": "Germany"}, 422, "country"),
        ({"customer": "c" * 201}, 422, "customer"),
        ({"skus": "a b a"}, 422, "the same sku"),
        ({"skus": " ".join(map(str, range(501)))}, 422, "500"),
        ({"category": "hat"}, 422, "another category"),
        ({"count": "0"}, 422, str(MOST_DRAWN)),
        ({"count": "201"}, 422, str(MOST_DRAWN)),
        ({"count": "\N{SUPERSCRIPT TWO}"}, 422, "whole number"),
        ({"count": "9" * 5000}, 422, "whole number"),
        ({"draw": "-1"}, 422, "whole number"),
        ({"focus": "elsewhere"}, 422, "not among the ranked offers"),
        ({"surprise": "1"}, 422, "no field of the form"),
    ],
)
def test_what_is_wrong_is_said_in_the_page_and_nothing_is_lost(typed: dict[str, str], status: int, said: str) -> None:
    before = {"customer": "c 1", "country": "DE", "skus": "", "count": "3", "json": "\n {", **typed}

    answered, page = respond(before, House())

    assert status == answered
    assert said.replace("'", "&#39;") in page.decode()
    kept = fields(page).values
    assert {name: before[name] for name in ("customer", "country", "skus", "count", "json")} == {
        name: kept[name] for name in ("customer", "country", "skus", "count", "json")
    }


def test_line_breaks_and_blanks_are_kept_as_they_were_typed() -> None:
    typed = {"skus": "\n a\n\n b ", "json": "\n\t{ ", "customer": " c", "country": "Germany"}

    kept = fields(respond(typed, House())[1]).values

    assert typed == {name: kept[name] for name in typed}


def test_an_error_belongs_to_its_field() -> None:
    page = respond({"country": "Germany"}, House())[1].decode()

    assert (
        'list="countries" autocomplete="off" spellcheck="false" aria-invalid="true" aria-describedby="country-note country-wrong-1"' in page
    )
    assert 'id="country-wrong-1"' in page
    assert '<a href="#country">' in page


@pytest.mark.parametrize("name", ["customer", "country", "skus", "category", "count", "draw", "focus", "json", "how"])
@pytest.mark.parametrize("how", ["choose", "paste"])
def test_whatever_is_typed_is_shown_as_text(name: str, how: str) -> None:
    for form in ({"how": how, name: HOSTILE}, {"how": how, "json": json.dumps({HOSTILE: 1}), name: HOSTILE}):
        _, page = respond(form, House())
        found = fields(page)
        assert "script" not in found.tags
        assert "img" not in found.tags
        assert b"1337" not in page


def test_hostile_ids_are_shown_as_text_when_they_are_ranked() -> None:
    request = {"customer_id": HOSTILE, "offers": [{"sku": HOSTILE}, {"sku": "a"}]}

    status, page = respond({"how": "paste", "json": json.dumps(request)}, House())

    assert 200 == status
    assert {"script", "img"}.isdisjoint(fields(page).tags)
    assert b"&lt;script&gt;" in page


def test_a_failure_shows_what_was_typed_and_what_stood_in_the_way() -> None:
    page = respond_to_failure({"customer": "c1"}, House(), "too many wait")

    assert "c1" == fields(page).values["customer"]
    assert b"too many wait" in page


def test_the_next_draw_is_another_one() -> None:
    assert b'name="draw" value="8"' in respond({"draw": "7"}, House())[1]


def test_a_policy_that_shows_shoppers_something_else_is_told() -> None:
    about = replace(ABOUT, objective="conversion", explores=True)

    page = respond({"count": "2"}, House(about_it=about))[1].decode()

    assert "the policy that serves ranks by conversion" in page
    assert "explores" in page
    assert "explores" not in respond({"count": "2"}, House())[1].decode()


def test_the_same_question_gives_the_same_page() -> None:
    assert respond({"count": "3"}, House()) == respond({"count": "3"}, House())
