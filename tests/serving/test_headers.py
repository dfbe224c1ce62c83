"""What every reply carries."""

from __future__ import annotations

import base64
import hashlib

import pytest

from serving.headers import PERSONAL, PUBLIC, Headers, page


@pytest.mark.parametrize("headers", [PERSONAL, PUBLIC, page(), page(["let a = 1;"], ["p { }"])])
def test_every_reply_says_what_it_is_and_is_framed_by_nobody(headers: Headers) -> None:
    told = dict(headers)

    assert len(told) == len(headers), "no header twice"
    assert (b"nosniff", b"no-referrer", b"DENY") == tuple(
        told[name] for name in (b"x-content-type-options", b"referrer-policy", b"x-frame-options")
    )
    assert b"default-src 'none'" in told[b"content-security-policy"]
    assert b"frame-ancestors 'none'" in told[b"content-security-policy"]


def test_what_is_about_a_shopper_is_kept_by_no_cache() -> None:
    assert b"no-store" == dict(PERSONAL)[b"cache-control"] == dict(page())[b"cache-control"]


def test_names_are_in_lower_case_as_asgi_wants_them() -> None:
    assert all(name == name.lower() for name, _ in (*PERSONAL, *PUBLIC, *page()))


def test_a_page_runs_its_own_script_and_no_other() -> None:
    digest = base64.b64encode(hashlib.sha256(b"let a = 1;").digest()).decode()

    policy = dict(page(["let a = 1;"]))[b"content-security-policy"].decode()

    assert f"script-src 'sha256-{digest}';" in policy
    assert "style-src 'none';" in policy
    assert "unsafe" not in policy


def test_a_page_talks_to_this_service_only() -> None:
    policy = dict(page())[b"content-security-policy"].decode()

    assert {"connect-src 'self'", "form-action 'none'", "base-uri 'none'"} <= {part.strip() for part in policy.split(";")}
    assert "http" not in policy
