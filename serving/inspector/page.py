"""Writes the page: one document that loads nothing, runs nothing, and shows whatever it is told as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from serving.inspector.needs import About
from serving.inspector.typed import MOST_DRAWN, PASTE, Typed
from serving.inspector.view import View
from serving.inspector.words import OBJECTIVES, amount, change, money, number, percent, places, value
from serving.wire import FieldError

_HERE = Path(__file__).parent

STYLE = (_HERE / "style.css").read_text(encoding="utf-8")
"""What stands between the page's <style> tags, to the letter; its hash is what a Content-Security-Policy has to allow."""

_LABELS: Mapping[str, str] = {
    "customer": "Customer id",
    "country": "Country",
    "category": "Draw offers from",
    "count": "How many",
    "skus": "These offers",
    "json": "Request",
}


@dataclass(frozen=True)
class Page:
    """What stands on the page.

    Attributes:
        typed: what was typed; it is typed again.
        about: what serves.
        errors: what was wrong with it.
        view: the answer; None where there is none.
        signed_in: whether to offer a way out.
    """

    typed: Typed
    about: About
    errors: tuple[FieldError, ...] = ()
    view: View | None = None
    signed_in: bool = False


@dataclass(frozen=True)
class _Wrong:
    """What is wrong with which field of the form, and where in it."""

    name: str
    label: str
    where: str
    message: str


def render(page: Page) -> bytes:
    """The page as HTML in UTF-8; the same page gives the same bytes."""
    return (
        _TEMPLATES.get_template("page.html")
        .render(
            title=_title(page),
            style=STYLE,
            typed=page.typed,
            about=page.about,
            errors=_wrongs(page),
            view=page.view,
            notes=[] if page.view is None else list(_notes(page.view)),
            signed_in=page.signed_in,
            most_drawn=MOST_DRAWN,
            next_draw=_next(page.typed.draw),
            objectives=OBJECTIVES,
        )
        .encode()
    )


def render_sign_in(typed: Mapping[str, str], refusal: str | None = None) -> bytes:
    """The page for whoever is not signed in, or not any more.

    Args:
        typed: fields that were sent; they are sent again with the key, so that nothing is lost.
        refusal: why the key that was shown does not open.
    """
    return _TEMPLATES.get_template("sign_in.html").render(style=STYLE, typed=typed, refusal=refusal).encode()


def _title(page: Page) -> str:
    if page.errors:
        return "Not ranked: Keeprank inspector"
    return "Keeprank inspector" if page.view is None else f"{len(page.view.kept.lines)} offers ranked: Keeprank inspector"


def _wrongs(page: Page) -> list[_Wrong]:
    """Errors at the fields of the form; those of a pasted request all at its text, with their place in it."""
    return [
        _Wrong("json", _LABELS["json"], error.field, error.message)
        if page.typed.how == PASTE and error.field.startswith("/")
        else _Wrong(error.field if error.field in _LABELS else "", _LABELS.get(error.field, ""), "", error.message)
        for error in page.errors
    ]


def _notes(view: View) -> Iterator[str]:
    if view.kept.order_bonus:
        bonus = money(view.kept.order_bonus, view.asked.currency)
        yield f"The guard-rail on orders is at work: by kept margin, every order counts {bonus} more than it leaves."
    if view.asked.degraded:
        yield "What customers did since the snapshot cannot be asked at the moment: everybody is ranked for as a stranger."
    if view.about.objective != "kept_margin":
        yield f"Shoppers see neither order by default: the policy that serves ranks by {OBJECTIVES[view.about.objective]}."
    if view.about.explores:
        yield "The policy that serves explores: shoppers see the right order with a little chance in it. Here is none."
    if view.asked.per == "order":
        yield "Nobody knows P(order): every offer counts as if it were ordered, so the order by conversion is that of the request."


def _next(draw: str) -> int:
    return int(draw) + 1 if draw.isascii() and draw.isdigit() and len(draw) < 9 else 1


def _moment(at: dt.datetime) -> str:
    """A moment, as people read it.

    >>> _moment(dt.datetime(2026, 10, 1, 22, tzinfo=dt.timezone.utc))
    '1 October 2026, 22:00 UTC'
    """
    utc = at.astimezone(dt.UTC)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"


_MONTHS: Sequence[str] = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    found.filters |= {"amount": amount, "change": change, "moment": _moment, "money": money, "number": number, "percent": percent}
    found.filters |= {"places": places, "value": value}
    return found


_TEMPLATES = _templates()
