"""A connector: its definition in plain values and functions, and what the contract wants of it."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from . import _host, logging
from .errors import Denied, Invalid, LockgateError, Permanent, RateLimited
from .http import Request, send_each
from .manifest import Manifest
from .response import Header, Response


@dataclass
class Input:
    """One input of an action."""

    #: The idempotency key: the same on every attempt at this input. At most 255 ASCII characters.
    key: str
    #: Valid against the action's input schema.
    body: Any


@dataclass
class Record:
    """One unit of data in a flow."""

    #: Identifies the record in its source: the same thing has the same key for ever.
    key: str
    #: Valid against the trigger's record schema.
    body: Any


@dataclass
class Page:
    """One page of a poll."""

    #: The records, oldest first where the source has an order.
    records: list[Record]
    #: Where the next poll continues; kept by the host, opaque to it. None: it keeps the old one.
    next: Any = None
    #: Whether another page waits behind this one now.
    more: bool = False


@dataclass
class Inbound:
    """A webhook, as received; the host has verified its signature over these bytes."""

    headers: list[Header] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of this name, in lower case, as text."""
        return next((value.decode("utf-8", "replace") for other, value in self.headers if other == name), None)

    def json(self) -> Any:
        """The body, read as JSON."""
        try:
            return json.loads(self.body.decode())
        except (ValueError, RecursionError) as error:
            raise Invalid(f"the event is not the JSON that was expected: {error}") from error


Result = Any | LockgateError
Action = Callable[[list[Input]], Sequence[Result]]
Poll = Callable[[Any], Page]
Receive = Callable[[Inbound], Sequence[Record]]


def define_connector(
    *,
    manifest: Manifest,
    check: Callable[[], object] | None = None,
    actions: Mapping[str, Action] | None = None,
    polls: Mapping[str, Poll] | None = None,
    receives: Mapping[str, Receive] | None = None,
) -> type:
    """What the world `connector-component` exports: name it `Connector` in the module that is built."""
    runs, reads, hears = actions or {}, polls or {}, receives or {}
    triggers = manifest.get("triggers", [])
    _agree("action", manifest.get("actions", []), runs)
    _agree("poll trigger", [it for it in triggers if it["kind"] == "poll"], reads)
    _agree("webhook trigger", [it for it in triggers if it["kind"] != "poll"], hears)
    described = _text(manifest)

    class Connector:
        def describe(self) -> str:
            return described

        def check(self) -> None:
            _begin()
            if check is not None:
                _raised(check)

        def run(self, action: str, inputs: list[Any]) -> list[Any]:
            _begin()
            return _run(action, runs.get(action), inputs)

        def poll(self, trigger: str, cursor: str | None) -> Any:
            _begin()
            return _raised(lambda: _poll(trigger, reads.get(trigger), cursor))

        def receive(self, hook: str, event: Any) -> Any:
            _begin()
            return _raised(lambda: _receive(hook, hears.get(hook), event))

    return Connector


def each(action: Callable[[Input], Any]) -> Action:
    """An action that looks at one input at a time. What it raises is the result of that input alone."""
    return lambda inputs: [_settled(partial(action, one)) for one in inputs]


def in_one_stage(
    request: Callable[[Input], Request],
    result: Callable[[Response, Input], Any] = lambda response, _input: response.error_for_status().json(),
) -> Action:
    """An action of one request per input, sent all at once: `request` makes it, `result` reads the answer."""

    def action(inputs: list[Input]) -> Sequence[Result]:
        answers = send_each([_settled(partial(request, one)) for one in inputs])
        return [
            answer if isinstance(answer, LockgateError) else _settled(partial(result, answer, one))
            for answer, one in zip(answers, inputs, strict=True)
        ]

    return action


def paged_by(
    request: Callable[[Any], Request],
    records: Callable[[Any], list[Record]],
    next: Callable[[Any], Any],
    more: Callable[[Any], bool] | None = None,
) -> Poll:
    """A poll of a source that gives a list and says where the next page begins.

    The cursor is what `next` returned; without one the host keeps the old, so that a poll of a source with nothing new
    changes nothing.
    """

    def poll(cursor: Any) -> Page:
        body = request(cursor).send_for_json()
        found, then = records(body), next(body)
        return Page(found, then, bool(more(body)) if more is not None else then is not None)

    return poll


def _begin() -> None:
    """Memory is that of the build: without this, each call would draw the same random numbers."""
    random = sys.modules.get("random")
    if random is not None:
        random.seed()


def _run(name: str, action: Action | None, inputs: list[Any]) -> list[Any]:
    if action is None:
        return [_unsuccessful(_unknown("action", name)) for _ in inputs]
    results = [_read(one) for one in inputs]
    readable = [one for one in results if isinstance(one, Input)]
    try:
        answers = list(action(readable))
    except Exception as error:
        # Nobody knows how far it got: the call ends here, as it does where any connector breaks.
        _mistake(error)
        raise
    if len(answers) != len(readable):
        wrong = Permanent(f"the action gave {len(answers)} results for {len(readable)} inputs")
        return [_unsuccessful(wrong) for _ in inputs]
    rest = iter(answers)
    return [_output(next(rest) if isinstance(one, Input) else one) for one in results]


def _read(one: Any) -> Input | LockgateError:
    try:
        return Input(one.key, json.loads(one.body))
    except (ValueError, RecursionError) as error:
        return Invalid(f"the input is not JSON: {error}")


def _poll(trigger: str, source: Poll | None, cursor: str | None) -> Any:
    if source is None:
        raise _unknown("trigger", trigger)
    try:
        place = None if cursor is None else json.loads(cursor)
    except (ValueError, RecursionError) as error:
        raise Permanent(f"the cursor is not JSON: {error}") from error
    page = source(place)
    return _host.types.Page(
        records=[_record(one) for one in page.records],
        next=None if page.next is None else _text(page.next),
        more=page.more,
    )


def _receive(hook: str, reader: Receive | None, event: Any) -> Any:
    if reader is None:
        raise _unknown("hook", hook)
    found = reader(Inbound(list(event.headers), bytes(event.body)))
    return _host.types.Received(records=[_record(one) for one in found])


def _record(one: Record) -> Any:
    return _host.types.Record(key=str(one.key), body=_text(one.body))


def _output(answer: Result) -> Any:
    if isinstance(answer, LockgateError):
        return _unsuccessful(answer)
    try:
        return _host.Ok(_text(answer))
    except (TypeError, ValueError, RecursionError) as error:
        return _unsuccessful(_mistake(error))


def _unsuccessful(error: LockgateError) -> Any:
    return _host.Err(_case(error))


def _case(error: LockgateError) -> Any:
    """The error as the contract writes it."""
    types = _host.types
    if isinstance(error, Denied):
        return types.Error_Denied(types.Denial(gate=error.gate, reason=error.reason, remedy=error.remedy))
    if isinstance(error, RateLimited):
        return types.Error_RateLimited(error.wait_ms)
    for known in type(error).__mro__:
        case = getattr(types, f"Error_{known.__name__}", None)
        if case is not None:
            return case(error.message)
    return types.Error_Permanent(error.message)


def _settled(attempt: Callable[[], Any]) -> Any:
    """A value, or the error that was raised instead. A mistake in the code costs one input, not the batch."""
    try:
        return attempt()
    except LockgateError as error:
        return error
    except Exception as error:
        return _mistake(error)


def _raised(attempt: Callable[[], Any]) -> Any:
    """What is raised crosses the boundary as the contract's case; a mistake in the code is told and ends the call."""
    try:
        return attempt()
    except LockgateError as error:
        raise _host.Err(_case(error)) from None
    except Exception as error:
        _mistake(error)
        raise


def _mistake(error: Exception) -> LockgateError:
    """A mistake in the connector's own code: its place goes into the log."""
    message = f"the connector raised {type(error).__name__}: {error}"
    logging.error(message, stack="".join(traceback.format_tb(error.__traceback__))[-2_000:])
    return Permanent(message)


def _unknown(what: str, name: str) -> LockgateError:
    return Permanent(f"this connector has no {what} {json.dumps(name, ensure_ascii=False)}")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _agree(what: str, described: Sequence[Mapping[str, Any]], named: Mapping[str, Any]) -> None:
    """A manifest that promises what the code does not have, or the other way round, is found when the project is built."""
    promised = {one["name"] for one in described}
    for name in sorted(promised - named.keys()):
        raise TypeError(f"the manifest has the {what} {name}, and the code does not")
    for name in sorted(named.keys() - promised):
        raise TypeError(f"the code has the {what} {name}, and the manifest does not")
