"""A response, and what its status means."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import (
    Ambiguous,
    AuthRequired,
    Conflict,
    Invalid,
    LockgateError,
    NotFound,
    Permanent,
    RateLimited,
    Transient,
)

Header = tuple[str, bytes]

# What the host adds to an answer: what a rule of the manifest says of it, and the wait that the remote asked for.
_CLASS = "lockgate-class"
_WAIT_MS = "lockgate-wait-ms"
# So much of an answer is quoted in an error.
_EXCERPT_CHARS = 300
_SECONDS = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CONTROL = re.compile("[\u0000-\u001f\u007f-\u009f]")


class Response:
    """A whole response: decoded, and bounded by the host."""

    def __init__(
        self,
        status: int,
        *,
        headers: Mapping[str, str | bytes] | Sequence[tuple[str, str | bytes]] = (),
        body: bytes | str = b"",
        repeatable: bool = False,
    ) -> None:
        listed = headers.items() if isinstance(headers, Mapping) else headers
        #: The status code.
        self.status = status
        #: In the order of the wire.
        self.headers: list[Header] = [(name, _bytes(value)) for name, value in listed]
        #: Decoded and bounded by the host.
        self.body = _bytes(body)
        self._repeatable = repeatable

    def header(self, name: str) -> str | None:
        """The first header of this name that is text."""
        for other, value in self.headers:
            if other.lower() == name.lower():
                try:
                    return value.decode()
                except UnicodeDecodeError:
                    continue
        return None

    def text(self) -> str:
        """The body as UTF-8; what is not becomes a replacement character."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body, read as JSON. What is not JSON is `Permanent`."""
        try:
            return json.loads(self.body.decode())
        except (ValueError, RecursionError) as error:
            raise Permanent(f"the remote's answer is not what was expected: {error}") from error

    def retry_after_ms(self) -> int | None:
        """Milliseconds that the remote asked to wait. In a host, in whatever form it did."""
        told = self.header(_WAIT_MS)
        if told is not None and told.isascii() and told.isdigit():
            return int(told)
        asked = (self.header("retry-after") or "").strip()
        if _SECONDS.fullmatch(asked):
            wait_ms = float(asked) * 1000
            return max(0, math.ceil(wait_ms)) if math.isfinite(wait_ms) else None
        # By the remote's own clock, so that two clocks that differ do no harm.
        return _until(asked, self.header("date") or "")

    def error_for_status(self) -> Response:
        """The response itself if its status is 2xx; otherwise raises an error of the class that the status means.

        What a rule in the manifest's `answers` says of the answer goes before its status: the host has asked them. A
        refusal that a rule calls `done` is as good as a 2xx.

        | status | class |
        |---|---|
        | 400, 422 and other 4xx | `Invalid` |
        | 401 | `AuthRequired` |
        | 403 | `Permanent` |
        | 404, 410 | `NotFound` |
        | 409 | `Conflict` |
        | 408, 425, other 5xx | `Transient` if the request may be repeated, or else `Ambiguous` |
        | 429 | `RateLimited`, with the wait that the remote asked for |
        | 1xx, 3xx, 405, 415, 501, 505 | `Permanent` |
        """
        error = self._error()
        if error is not None:
            raise error
        return self

    def excerpt(self) -> str:
        """The status and the beginning of the body, for an error's message."""
        text = _CONTROL.sub(" ", self.text().strip()[:_EXCERPT_CHARS])
        return f"the remote answered {self.status}" + (f": {text}" if text else "")

    def _error(self) -> LockgateError | None:
        message, status = self.excerpt(), self.status
        told = self.header(_CLASS)
        if told == "done":
            return None
        if told == "rate_limited":
            return RateLimited(self.retry_after_ms())
        if told in ("transient", "ambiguous"):
            return self._doubtful(message)
        by_rule = {"auth": AuthRequired, "transient_safe": Transient, "conflict": Conflict, "permanent": Permanent}
        if told in by_rule:
            return by_rule[told](message)
        if 200 <= status < 300:
            return None
        if status == 429:
            return RateLimited(self.retry_after_ms())
        known = {401: AuthRequired, 404: NotFound, 410: NotFound, 409: Conflict}
        if status in known:
            return known[status](message)
        if status in (403, 405, 415, 501, 505):
            return Permanent(message)
        if status in (408, 425) or status >= 500:
            return self._doubtful(message)
        return Invalid(message) if status >= 400 else Permanent(message)

    def _doubtful(self, message: str) -> LockgateError:
        """Whether it was done nobody knows; where that does not matter it may be tried again."""
        recognised = self._repeatable or self.header(_CLASS) == "transient"
        return Transient(message) if recognised else Ambiguous(message)


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _until(asked: str, date: str) -> int | None:
    # Needed seldom, and not cheap to load.
    from email.utils import parsedate_to_datetime

    try:
        wait = parsedate_to_datetime(asked) - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    return max(0, math.ceil(wait.total_seconds() * 1000))
