"""The settings of the profile that this call works for, and nothing of any other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from . import _host
from .errors import Permanent


def config() -> dict[str, Any]:
    """The configuration, valid against the manifest's schema."""
    try:
        return json.loads(_host.profile.config())
    except ValueError as error:
        raise Permanent(f"cannot read the profile's configuration: {error}") from error


def scopes() -> list[str]:
    """The granted scopes, by name."""
    return list(_host.profile.scopes())


@contextmanager
def with_profile(config: dict[str, Any] | None = None, scopes: Sequence[str] = ()) -> Iterator[None]:
    """Puts these settings in place of a profile's. Outside of a component only, for tests."""
    text = json.dumps(config or {})
    settings = SimpleNamespace(config=lambda: text, scopes=lambda: list(scopes))
    with _host.installed(profile=settings):
        yield
