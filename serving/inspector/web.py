"""The inspector as an ASGI application: one address, whose forms are answered where they stand.

GET shows the page, and answers a query string that is built like its form, so that other tools can link to it. POST answers the form; a
`key` in it signs in first, and `sign_out` signs out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from domain.errors import KeeprankError
from serving.inspector.entrance import Entrance, Visitor, is_for_tls, is_from_here, no_cookie
from serving.inspector.needs import InspectorNeeds
from serving.inspector.page import STYLE, render_sign_in
from serving.inspector.respond import respond, respond_to_failure
from serving.keys import Refusal
from serving.limits import HeadersTooLarge, Limits, RequestTooLarge, RequestTooSlow

Form = Mapping[str, str]
Answer = tuple[int, bytes]
InThread = Callable[[Callable[[], Answer]], Awaitable[Answer]]
"""Runs what takes long beside the event loop; raises a KeeprankError where there is no room or no time for it."""

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 50
_HTML = "text/html; charset=utf-8"
_FORBIDDEN, _NOT_ALLOWED, _UNSUPPORTED, _GONE, _FAILED, _UNAVAILABLE = 403, 405, 415, 499, 500, 503
_STATUS: Mapping[type[KeeprankError], int] = {RequestTooLarge: 413, HeadersTooLarge: 431, RequestTooSlow: 408}

_REFUSALS = {
    Refusal.UNAUTHORIZED: "No such key, or it was revoked.",
    Refusal.FORBIDDEN: "This key is not for operations; expected: one with the scope operations or admin.",
}

_ALLOWED_STYLE = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_ALLOWED_STYLE}'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser would not say where a form comes from
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
"""Of every reply: no script runs, nothing loads, only forms to this service are sent, and nobody keeps the page."""


class Tells(Protocol):
    """What a service does with the outcome of a visit."""

    def let_in(self, scope: Scope, key_id: str) -> None:
        """Somebody with that key asks."""

    def failed(self, scope: Scope, error: Exception) -> str:
        """Something failed inside: write it down, and say under which name."""


class Inspector:
    """The page's application."""

    def __init__(self, house: Callable[[], InspectorNeeds], entrance: Entrance, limits: Limits, tells: Tells, in_thread: InThread) -> None:
        """Put the page together.

        Args:
            house: what serves at the moment; called in the thread, once a page.
            entrance: whom to let in.
            limits: what is taken of a request.
            tells: logs and counts.
            in_thread: where rankings run.
        """
        self._house, self._entrance, self._limits, self._tells, self._in_thread = house, entrance, limits, tells, in_thread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            response = Response(status_code=_GONE)
        except (RequestTooLarge, HeadersTooLarge, RequestTooSlow) as refused:
            response = _plain(_STATUS[type(refused)], refused.message())
        response.headers.update(HEADERS)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        self._limits.check_headers(request.scope["headers"])
        if request.method in ("GET", "HEAD"):
            return await self._page(request, _fields(request.url.query))
        if request.method != "POST":
            return _plain(_NOT_ALLOWED, "expected: GET or POST", {"Allow": "GET, HEAD, POST"})
        if not is_from_here(request.headers):
            return _plain(
                _FORBIDDEN, "this form was not sent by a page of this service; what to do: open the inspector and send it from there"
            )
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return _plain(_UNSUPPORTED, f"expected: {_FORM}")
        form = _fields((await self._limits.body(request.receive)).decode("utf-8", "replace"))
        if "sign_out" in form:
            gone = {"Set-Cookie": no_cookie(secure=is_for_tls(request.headers))}
            return RedirectResponse(request.url.path, status_code=303, headers=gone)
        return await self._page(request, form)

    async def _page(self, request: Request, form: Form) -> Response:
        typed = {name: text for name, text in form.items() if name != "key"}
        who = self._visitor(request, form)
        if not isinstance(who, Visitor):
            return Response(render_sign_in(typed, None if who is None else _REFUSALS[who]), 401, media_type=_HTML)
        self._tells.let_in(request.scope, who.key_id)
        status, page = await self._worked(request, typed, signed_in=who.session is not None)
        response = Response(page, status, media_type=_HTML)
        if who.session is not None and request.method == "POST":
            response.headers["Set-Cookie"] = self._entrance.cookie(who.session, secure=is_for_tls(request.headers))
        return response

    def _visitor(self, request: Request, form: Form) -> Visitor | Refusal | None:
        """Who asks; a key in a form counts before all else, one in an address never."""
        if request.method == "POST" and "key" in form:
            return self._entrance.sign_in(form["key"])
        return self._entrance.visitor(request.headers)

    async def _worked(self, request: Request, typed: Form, *, signed_in: bool) -> Answer:
        try:
            return await self._in_thread(lambda: respond(typed, self._house(), signed_in=signed_in))
        except Exception as error:  # noqa: BLE001  (it is told, and what was typed is shown again)
            status, told = _trouble(error, partial(self._tells.failed, request.scope))
            return status, respond_to_failure(typed, self._house(), told, signed_in=signed_in)


def _trouble(error: Exception, failed: Callable[[Exception], str]) -> tuple[int, str]:
    if isinstance(error, KeeprankError):
        return _UNAVAILABLE, error.message()
    return _FAILED, f"something failed inside; the log holds it as {failed(error)}"


def _fields(encoded: str) -> dict[str, str]:
    """The fields of a form; of two of the same name the latter.

    Raises:
        RequestTooLarge: there are far more than the form has.
    """
    if encoded.count("&") >= _MOST_FIELDS:
        raise RequestTooLarge(f"the form has more than {_MOST_FIELDS} fields", expected="the inspector's own")
    return dict(parse_qsl(encoded, keep_blank_values=True, errors="replace"))


def _plain(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text, status, headers=headers, media_type="text/plain; charset=utf-8")
