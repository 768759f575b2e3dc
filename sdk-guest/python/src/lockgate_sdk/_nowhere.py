"""What stands for the host outside of a component: the same names as the generated bindings have, and no network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass
class Ok:
    value: Any


@dataclass(frozen=True)
class Err(Exception):
    value: Any


@dataclass
class _Case:
    value: Any = None


@dataclass
class _Values:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == getattr(other, "__dict__", None)


class types:
    """The interface `types`."""

    Denial = type("Denial", (_Values,), {})
    Record = type("Record", (_Values,), {})
    Input = type("Input", (_Values,), {})
    Page = type("Page", (_Values,), {})
    Received = type("Received", (_Values,), {})
    Inbound = type("Inbound", (_Values,), {})
    Error_Invalid = type("Error_Invalid", (_Case,), {})
    Error_AuthRequired = type("Error_AuthRequired", (_Case,), {})
    Error_NotFound = type("Error_NotFound", (_Case,), {})
    Error_Conflict = type("Error_Conflict", (_Case,), {})
    Error_RateLimited = type("Error_RateLimited", (_Case,), {})
    Error_Denied = type("Error_Denied", (_Case,), {})
    Error_Transient = type("Error_Transient", (_Case,), {})
    Error_Ambiguous = type("Error_Ambiguous", (_Case,), {})
    Error_Permanent = type("Error_Permanent", (_Case,), {})


class http:
    """The interface `http`."""

    Request = type("Request", (_Values,), {})
    Response = type("Response", (_Values,), {})
    Failure = type("Failure", (_Values,), {})
    HttpError_Denied = type("HttpError_Denied", (_Case,), {})
    HttpError_Failed = type("HttpError_Failed", (_Case,), {})

    class FailureKind(Enum):
        NAME = 0
        CONNECT = 1
        TLS = 2
        TIMEOUT = 3
        TOO_LARGE = 4
        BAD_RESPONSE = 5
        OTHER = 6

    @staticmethod
    def send(_request: Any) -> Any:
        raise Err(http._nobody())

    @staticmethod
    def send_all(requests: list[Any]) -> list[Any]:
        return [Err(http._nobody()) for _ in requests]

    @staticmethod
    def _nobody() -> Any:
        message = "there is no network outside a host: use `http.with_transport`"
        return http.HttpError_Failed(http.Failure(kind=http.FailureKind.OTHER, sent=False, message=message))


class logging:
    """The interface `logging`."""

    class Level(Enum):
        DEBUG = 0
        INFO = 1
        WARN = 2
        ERROR = 3

    @staticmethod
    def log(_level: Any, _message: str, _fields: list[tuple[str, str]]) -> None:
        """Nobody reads it here."""


class profile:
    """The interface `profile`."""

    @staticmethod
    def config() -> str:
        return "{}"

    @staticmethod
    def scopes() -> list[str]:
        return []


class secrets:
    """The interface `secrets`."""

    class Algorithm(Enum):
        HMAC_SHA256 = 0
        HMAC_SHA512 = 1

    @staticmethod
    def open(name: str) -> Any:
        reason = f"no profile holds {name!r} outside a host"
        raise Err(types.Denial(gate="secrets", reason=reason, remedy="call it as a component"))
