"""The profile's secrets, as handles. The bytes stay in the host: nothing here reveals them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from . import _host
from .errors import Denied

Algorithm = Literal["hmac-sha256", "hmac-sha512"]
_T = TypeVar("_T")


class Secret:
    """A secret that can be used and not read. `open` gives one."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def hmac(self, algorithm: Algorithm, data: bytes | str) -> bytes:
        """Authenticates `data` with the secret as the key."""
        chosen = _host.secrets.Algorithm[algorithm.upper().replace("-", "_")]
        given = data.encode() if isinstance(data, str) else data
        return _or_denied(lambda: self._handle.hmac(chosen, given))

    def fingerprint(self) -> str:
        """Sixteen hexadecimal characters that change when the secret does, and tell nothing else of it."""
        return _or_denied(self._handle.fingerprint)


def open(name: str) -> Secret:
    """Opens a secret that the profile holds, by name."""
    return Secret(_or_denied(lambda: _host.secrets.open(name)))


def _or_denied(ask: Callable[[], _T]) -> _T:
    try:
        return ask()
    except _host.Err as refused:
        denial = refused.value
        raise Denied(denial.gate, denial.reason, denial.remedy) from None
