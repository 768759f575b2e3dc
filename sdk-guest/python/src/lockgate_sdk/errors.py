"""Why something did not succeed: one class for each case of the contract's `error`, which decides what the host does next."""

from __future__ import annotations

import math

#: A message crosses the boundary cut to this many characters.
MESSAGE_CHARS = 1_000


class LockgateError(Exception):
    """One of the cases below: raise those."""

    @property
    def message(self) -> str:
        """What people read: at most `MESSAGE_CHARS` characters."""
        text = str(self).encode("utf-8", "replace").decode()
        return text if len(text) <= MESSAGE_CHARS else text[:MESSAGE_CHARS] + "…"


class Invalid(LockgateError):
    """The input is wrong: never retried, a dead letter at once."""


class AuthRequired(LockgateError):
    """The credentials no longer work: the profile is degraded."""


class NotFound(LockgateError):
    """The remote has no such thing."""


class Conflict(LockgateError):
    """The remote holds a conflicting state."""


class RateLimited(LockgateError):
    """The remote asked to slow down; milliseconds to wait, if it said so."""

    def __init__(self, wait_ms: float | None = None) -> None:
        super().__init__("rate limited" if wait_ms is None else f"rate limited: wait {wait_ms} ms")
        known = wait_ms is not None and math.isfinite(wait_ms)
        #: A whole number, or nothing.
        self.wait_ms: int | None = min(max(0, math.ceil(wait_ms or 0)), 2**53) if known else None


class Denied(LockgateError):
    """The host refused a request that was needed."""

    def __init__(self, gate: str, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} ({gate}): {remedy}")
        #: The gate that refused, for instance `hosts` or `scope`.
        self.gate = gate
        #: What was refused, in one sentence.
        self.reason = reason
        #: The line of policy that would allow it, or what to do instead.
        self.remedy = remedy


class Transient(LockgateError):
    """May work later."""


class Ambiguous(LockgateError):
    """The request was sent and its outcome is unknown."""


class Permanent(LockgateError):
    """Will not work later either."""
