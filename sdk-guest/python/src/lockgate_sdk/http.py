"""HTTP to the hosts that the profile was granted. Credentials are added by the host, after its gates."""

from __future__ import annotations

import json as _json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

from . import _host
from .errors import Ambiguous, Denied, Invalid, LockgateError, Permanent, Transient
from .response import Header, Response

__all__ = [
    "Header",
    "Request",
    "Response",
    "delete",
    "get",
    "pages",
    "patch",
    "post",
    "put",
    "segment",
    "send_all",
    "send_each",
    "with_transport",
]

Fields = Mapping[str, Any] | Sequence[tuple[str, Any]]

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_KINDS = {
    "NAME": "the name does not resolve",
    "CONNECT": "no connection",
    "TLS": "no trusted connection",
    "TIMEOUT": "no answer in time",
    "TOO_LARGE": "the answer is too large",
    "BAD_RESPONSE": "the answer is broken",
    "OTHER": "the exchange failed",
}


class Request:
    """A request. Nothing happens until it is sent.

    `idempotency_key` is the header by which the remote recognises a repeated attempt and the input's key;
    `idempotency_query` the same for a remote that looks for it in the query. A lost answer is then `Transient`, not
    `Ambiguous`; `repeatable` says so of a request that does no harm, such as a search by `POST`.
    """

    def __init__(
        self,
        method: str,
        url: str,
        *,
        query: Fields = (),
        headers: Mapping[str, str | bytes] | Sequence[tuple[str, str | bytes]] = (),
        json: Any = None,
        form: Fields | None = None,
        body: bytes | str | None = None,
        timeout_ms: int | None = None,
        idempotency_key: tuple[str, str] | None = None,
        idempotency_query: tuple[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> None:
        if sum(given is not None for given in (json, form, body)) > 1:
            raise TypeError("a request has one body: json, form or body")
        sent, asked = _pairs(headers), _pairs(query)
        content: bytes | str = body if body is not None else b""
        if json is not None:
            sent.append(("content-type", "application/json"))
            content = _json_text(json)
        if form is not None:
            sent.append(("content-type", "application/x-www-form-urlencoded"))
            content = _encoded(_pairs(form))
        if idempotency_key is not None:
            sent.append(idempotency_key)
        if idempotency_query is not None:
            asked.append(idempotency_query)
        self.method = method
        self.url = f"{url}{'&' if '?' in url else '?'}{_encoded(asked)}" if asked else url
        self.headers: list[Header] = [(name, _bytes(value)) for name, value in sent]
        self.body = _bytes(content)
        self.timeout_ms = timeout_ms
        recognised = idempotency_key is not None or idempotency_query is not None
        self.repeatable = method in _REPEATABLE or recognised if repeatable is None else repeatable

    def send(self) -> Response:
        """Sends it and waits for the whole response. A response of any status is returned: see `error_for_status`."""
        try:
            return _received(_host.http.send(_wire(self)), self)
        except _host.Err as error:
            raise _failed(error.value, self) from None

    def send_for_json(self) -> Any:
        """The same with the errors of its status raised, and the body read as JSON."""
        return self.send().error_for_status().json()


def get(url: str, **options: Any) -> Request:
    """A `GET` request; the options are those of `Request`."""
    return Request("GET", url, **options)


def post(url: str, **options: Any) -> Request:
    """A `POST` request; the options are those of `Request`."""
    return Request("POST", url, **options)


def put(url: str, **options: Any) -> Request:
    """A `PUT` request; the options are those of `Request`."""
    return Request("PUT", url, **options)


def patch(url: str, **options: Any) -> Request:
    """A `PATCH` request; the options are those of `Request`."""
    return Request("PATCH", url, **options)


def delete(url: str, **options: Any) -> Request:
    """A `DELETE` request; the options are those of `Request`."""
    return Request("DELETE", url, **options)


def send_all(requests: Sequence[Request]) -> list[Response | LockgateError]:
    """Sends all requests concurrently; one response or error per request, in order. Nothing is raised."""
    results = iter(_host.http.send_all([_wire(request) for request in requests]))
    return [_settled(next(results, None), request) for request in requests]


def send_each(requests: Sequence[Request | LockgateError]) -> list[Response | LockgateError]:
    """Sends, concurrently, those that are requests, and keeps every error in its place.

    One stage of a batch whose inputs fail one by one.
    """
    answers = iter(send_all([request for request in requests if isinstance(request, Request)]))
    return [next(answers) if isinstance(request, Request) else request for request in requests]


def pages(
    first: Request, following: Callable[[Response], Request | None], *, max_pages: int = 100
) -> Iterator[Response]:
    """The responses of one page after the other: `following` gives the next request, or nothing at the end."""
    request: Request | None = first
    for _ in range(max_pages):
        if request is None:
            return
        response = request.send().error_for_status()
        yield response
        request = following(response)
    if request is not None:
        raise Permanent(f"the remote has more than {max_pages} pages")


def segment(value: object) -> str:
    """One segment of a path, percent-encoded. What would change the path is invalid: nothing, `.` and `..`."""
    text = str(value)
    if text in ("", ".", ".."):
        raise Invalid(f"{_json.dumps(text)} cannot be part of a path")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise Invalid("half a character cannot be part of a path") from None


@contextmanager
def with_transport(transport: Callable[[Request], Response]) -> Iterator[None]:
    """Puts `transport` in place of the network. Outside of a component only, for tests.

    It gets the request as it would be sent and returns a `Response`, or raises a `LockgateError`.
    """

    def send(request: Any) -> Any:
        try:
            return transport(request)
        except LockgateError as error:
            raise _host.Err(error) from None

    def one(request: Any) -> Any:
        try:
            return _host.Ok(send(request))
        except _host.Err as error:
            return error

    network = SimpleNamespace(
        send=send, send_all=lambda requests: [one(request) for request in requests], Request=_host.http.Request
    )
    with _host.installed(http=network):
        yield


def _settled(result: Any, request: Request) -> Response | LockgateError:
    if result is None:
        return Transient("the host gave no answer to a request")
    if isinstance(result, _host.Ok):
        return _received(result.value, request)
    return _failed(result.value, request)


def _received(response: Any, request: Request) -> Response:
    return Response(
        response.status, headers=response.headers, body=response.body, repeatable=request.repeatable
    )


def _failed(error: Any, request: Request) -> LockgateError:
    # One that a test's transport raised.
    if isinstance(error, LockgateError):
        return error
    value = error.value
    if hasattr(value, "gate"):
        return Denied(value.gate, value.reason, value.remedy)
    text = f"{_KINDS.get(value.kind.name, _KINDS['OTHER'])}: {value.message}"
    # The size of an answer does not change by asking again.
    if value.kind.name == "TOO_LARGE":
        return Permanent(text)
    return Transient(text) if not value.sent or request.repeatable else Ambiguous(text)


def _wire(request: Request) -> Any:
    return _host.http.Request(
        method=request.method,
        url=request.url,
        headers=request.headers,
        body=request.body,
        timeout_ms=request.timeout_ms,
    )


def _pairs(given: Any) -> list[tuple[str, Any]]:
    """A mapping to values or lists of values, or a list of pairs. What is None is left out."""
    listed = given.items() if isinstance(given, Mapping) else given
    flat = [
        (name, one)
        for name, value in listed
        for one in (value if isinstance(value, (list, tuple)) else [value])
    ]
    return [(name, value) for name, value in flat if value is not None]


def _encoded(fields: list[tuple[str, Any]]) -> str:
    def text(value: Any) -> Any:
        # As JSON writes them.
        return str(value).lower() if isinstance(value, bool) else value

    # What forms leave as it is, besides what `urlencode` does: `*`. What they do not: `~`.
    return urlencode([(name, text(value)) for name, value in fields], safe="*").replace("~", "%7E")


def _json_text(value: Any) -> str:
    try:
        return _json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(f"cannot write the request as JSON: {error}") from error


def _bytes(value: bytes | str) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else bytes(value)
