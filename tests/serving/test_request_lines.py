"""What the log of requests tells, and what it cannot tell."""

from __future__ import annotations

import io
import json

from domain.errors import ReleaseRefused
from serving.request_lines import RequestLines


def test_a_line_tells_what_was_answered() -> None:
    stream = io.StringIO()

    RequestLines(stream).answered(
        request_id="r1", route="/v1/rank", status=200, milliseconds=12.3456, key_id="0f3a5bb21c9d", release="abc", settings="8a91a00e6444"
    )

    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert {
        "event": "answered",
        "level": "info",
        "request_id": "r1",
        "route": "/v1/rank",
        "status": 200,
        "milliseconds": 12.35,
        "key_id": "0f3a5bb21c9d",
        "release": "abc",
        "settings": "8a91a00e6444",
    } == line


def test_a_failure_tells_where_and_not_what_the_error_says() -> None:
    stream = io.StringIO()

    def look_up(customer: str) -> None:
        raise KeyError(customer)

    try:
        look_up("c000017")
    except KeyError as error:
        RequestLines(stream).failed(request_id="r1", error=error)

    line = json.loads(stream.getvalue())
    assert ("failed", "error", "r1", "KeyError") == (line["event"], line["level"], line["request_id"], line["error"])
    assert line["where"][-1].startswith("test_request_lines.py:")
    assert line["where"][-1].endswith(" look_up")
    assert "c000017" not in stream.getvalue()


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    stream = io.StringIO()

    RequestLines(stream).switch_refused(what="release", refused=ReleaseRefused('changed\n{"level": "info"}', advice="train again"))

    assert 1 == stream.getvalue().count("\n")
    line = json.loads(stream.getvalue())
    assert ("switch refused", "ReleaseRefused", "error") == (line["event"], line["error"], line["level"])
    assert "what to do: train again" in line["why"]


def test_a_switch_is_told() -> None:
    stream = io.StringIO()

    RequestLines(stream).switched(what="snapshot", release="abc", snapshot="night")

    line = json.loads(stream.getvalue())
    assert ("switched", "snapshot", "abc", "night") == (line["event"], line["what"], line["release"], line["snapshot"])


def test_a_failing_reply_is_a_warning() -> None:
    stream = io.StringIO()

    RequestLines(stream).answered(request_id="r", route="other", status=503, milliseconds=1, key_id=None, release=None, settings="v")

    assert "warning" == json.loads(stream.getvalue())["level"]
