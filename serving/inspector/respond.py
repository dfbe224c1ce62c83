"""Answers the inspector's form: reads what was typed, asks for both rankings, and writes the page, or says in it what was wrong."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import KeeprankError
from serving.inspector.needs import InspectorNeeds
from serving.inspector.page import Page, render
from serving.inspector.typed import PASTE, Typed, request_of, typed_of, unknown_fields
from serving.inspector.view import View
from serving.inspector.viewing import view_of
from serving.reading import RequestMalformed, RequestRefused
from serving.wire import FieldError, RankReply, RankRequest

_OK, _BAD_REQUEST, _INVALID = 200, 400, 422


def respond(form: Mapping[str, str], house: InspectorNeeds, *, signed_in: bool = False) -> tuple[int, bytes]:
    """The status and the page.

    Args:
        form: the fields that were sent; none: nothing was asked yet.
        house: what serves; the whole page comes from it.
        signed_in: whether the page offers a way out.
    """
    typed, about = typed_of(form), house.about()
    if not form:
        return _OK, render(Page(typed, about, signed_in=signed_in))
    try:
        view = _asked(form, typed, house)
    except RequestRefused as refused:
        return _INVALID, render(Page(typed, about, refused.errors, signed_in=signed_in))
    except RequestMalformed as refused:
        error = FieldError(field="json", message=refused.message())
        return _BAD_REQUEST, render(Page(typed, about, (error,), signed_in=signed_in))
    return _OK, render(Page(typed, about, view=view, signed_in=signed_in))


def respond_to_failure(form: Mapping[str, str], house: InspectorNeeds, failure: KeeprankError | str, *, signed_in: bool = False) -> bytes:
    """The page with what was typed, and what stood in the way of an answer: the service's own trouble, not the form's."""
    told = failure if isinstance(failure, str) else failure.message()
    return render(Page(typed_of(form), house.about(), (FieldError(field="", message=told),), signed_in=signed_in))


def _asked(form: Mapping[str, str], typed: Typed, house: InspectorNeeds) -> View:
    if errors := unknown_fields(form):
        raise RequestRefused(*errors)
    request = request_of(typed, house)
    try:
        return _view(request, typed, house)
    except RequestRefused as refused:
        raise RequestRefused(*(_placed(error, typed) for error in refused.errors)) from refused


def _view(request: RankRequest, typed: Typed, house: InspectorNeeds) -> View:
    conversion, kept = house.rank(request, "conversion"), house.rank(request, "kept_margin")
    focus = _focus(typed, kept)
    style_id = None if focus is None else house.describe(focus).style_id
    return view_of(
        conversion,
        kept,
        house.about(),
        house.describe,
        customer=request.customer_id,
        focus=focus,
        evidence=() if focus is None else house.evidence(request, focus),
        size=None if style_id is None else house.size(style_id, request),
    )


def _focus(typed: Typed, kept: RankReply) -> str | None:
    """The offer to look at closer: the one that was asked for, or else the best.

    Raises:
        RequestRefused: it is not among those that were ranked.
    """
    ranked = [offer.sku for offer in kept.offers]
    if typed.focus and typed.focus not in ranked:
        raise RequestRefused(
            FieldError(field="focus", message=f"{typed.focus[:50]!r} is not among the ranked offers; expected: one of them")
        )
    return typed.focus or next(iter(ranked), None)


def _placed(error: FieldError, typed: Typed) -> FieldError:
    """What ranking refuses in a request that the form made is told of the form as a whole."""
    if typed.how == PASTE or not error.field.startswith("/"):
        return error
    return FieldError(field="", message=f"{error.field}: {error.message}")
