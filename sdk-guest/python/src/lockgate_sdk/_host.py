"""The interfaces of the host: the real ones inside a component; outside of one none, and a test puts its own there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    # Written by componentize-py when a component is built.
    from componentize_py_types import Err, Ok  # type: ignore[import-not-found, unused-ignore]
    from wit_world.imports import (  # type: ignore[import-not-found, unused-ignore]
        http,
        logging,
        profile,
        secrets,
        types,
    )
except ImportError:
    # Not built into a component: unit tests of a connector run here.
    from . import _nowhere as _fallback
    from ._nowhere import Err, Ok

    http, logging, profile, secrets, types = (
        _fallback.http,
        _fallback.logging,
        _fallback.profile,
        _fallback.secrets,
        _fallback.types,
    )

__all__ = ["Err", "Ok", "http", "installed", "logging", "profile", "secrets", "types"]


@contextmanager
def installed(**interfaces: Any) -> Iterator[None]:
    """Puts these in place of the interfaces of the same name, for as long as the block lasts."""
    former = {name: globals()[name] for name in interfaces}
    globals().update(interfaces)
    try:
        yield
    finally:
        globals().update(former)
