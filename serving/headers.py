"""The headers that every reply carries, so that browsers and caches neither guess, keep nor show it elsewhere.

As pairs of bytes, ready for ASGI. Strict-Transport-Security is left to whoever ends TLS in front of the service: only that knows whether
all of its host is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

Headers = tuple[tuple[bytes, bytes], ...]

_ALWAYS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NOTHING_LOADS = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")

PERSONAL: Headers = (*_ALWAYS, _NOTHING_LOADS, (b"cache-control", b"no-store"))
"""For replies that are about a shopper, and for all refusals; the choice where nothing else is said."""

PUBLIC: Headers = (*_ALWAYS, _NOTHING_LOADS, (b"cache-control", b"no-cache"))
"""For what is the same for everybody: the interface's description."""


def page(scripts: Iterable[str] = (), styles: Iterable[str] = ()) -> Headers:
    """For a page of ours whose scripts and styles stand in it: these run, and nothing else; it talks to this service only.

    Args:
        scripts: what stands between the page's <script> tags, each to the letter.
        styles: the same of its <style> tags.
    """
    policy = (
        f"default-src 'none'; script-src {_allowed(scripts)}; style-src {_allowed(styles)}; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return (*_ALWAYS, (b"content-security-policy", policy.encode("ascii")), (b"cache-control", b"no-store"))


def _allowed(texts: Iterable[str]) -> str:
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts) or "'none'"
