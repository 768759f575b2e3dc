"""Tickets of a help desk: one connector, written in three languages for comparison. This one is in Python."""

from typing import Any

from lockgate_sdk import Inbound, Input, Invalid, Record, define_connector, http, in_one_stage, logging, paged_by, profile
from lockgate_sdk.http import Request, Response

from manifest import manifest


def url(path: str) -> str:
    return profile.config().get("base_url", "https://api.desk.example") + path


def ticket(it: dict[str, Any]) -> dict[str, Any]:
    """A ticket as flows see it."""
    return {name: it[name] for name in ("id", "subject", "status", "updated_at")}


def record(it: dict[str, Any]) -> Record:
    return Record(key=f"{it['id']}@{it['updated_at']}", body=ticket(it))


def check() -> None:
    http.get(url("/v1/me")).send().error_for_status()


def result(response: Response, _: Input) -> dict[str, Any]:
    return ticket(response.error_for_status().json())


def get_ticket(one: Input) -> Request:
    return http.get(url(f"/v1/tickets/{http.segment(one.body['id'])}"))


def create_ticket(one: Input) -> Request:
    if not one.body["subject"].strip():
        raise Invalid("a ticket needs a subject")
    # The input's key is the same on every attempt: the desk recognises it, and makes one ticket.
    key = ("Idempotency-Key", one.key)
    return http.post(url("/v1/tickets"), json={"subject": one.body["subject"]}, idempotency_key=key)


# The desk lists tickets by the time of their last change, and says after which one the next page begins.
tickets = paged_by(
    request=lambda after: http.get(url("/v1/tickets"), query={"limit": 2, "after": after}),
    records=lambda body: [record(it) for it in body["tickets"]],
    next=lambda body: body["last"],
    more=lambda body: body["has_more"],
)


def ticket_events(event: Inbound) -> list[Record]:
    body = event.json()
    if not body["type"].startswith("ticket."):
        logging.debug("an event that is of no interest", type=body["type"])
        return []
    return [record(body["ticket"])]


Connector = define_connector(
    manifest=manifest,
    check=check,
    actions={
        "get_ticket": in_one_stage(get_ticket, result),
        "create_ticket": in_one_stage(create_ticket, result),
    },
    polls={"tickets": tickets},
    receives={"ticket_events": ticket_events},
)
