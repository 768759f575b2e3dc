"""Lines in the tenant's log. The host stamps time, connector and run; it bounds count and size."""

from __future__ import annotations

from typing import Literal

from . import _host

Level = Literal["debug", "info", "warn", "error"]


def log(level: Level, message: str, **fields: object) -> None:
    """Writes one line, with fields that can be searched for."""
    named = [(name, str(value)) for name, value in fields.items()]
    _host.logging.log(_host.logging.Level[level.upper()], str(message), named)


def debug(message: str, **fields: object) -> None:
    """Writes a line for the connector's author."""
    log("debug", message, **fields)


def info(message: str, **fields: object) -> None:
    """Writes a line for whoever runs the profile."""
    log("info", message, **fields)


def warn(message: str, **fields: object) -> None:
    """Writes a line about something that somebody should look at."""
    log("warn", message, **fields)


def error(message: str, **fields: object) -> None:
    """Writes a line about something that went wrong."""
    log("error", message, **fields)
