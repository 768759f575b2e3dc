"""@title@: books to read about, orders to place and to hear of."""

from typing import Any

from lockgate_sdk import Input, Manifest, Record, define_connector, http, in_one_stage, paged_by, profile
from lockgate_sdk.http import Request

API = "https://api.bookshop.example"
# The header by which the shop recognises an order that it has already.
KEY = "idempotency-key"


def url(path: str) -> str:
    return profile.config().get("api_base", API).rstrip("/") + path


def fields(**types: str) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in types.items()}
    return {"type": "object", "properties": properties, "required": list(types)}


MANIFEST: Manifest = {
    "name": "@name@",
    "version": "0.1.0",
    "title": "@title@",
    "category": "commerce",
    "auth": [{"kind": "bearer"}],
    "config": {"type": "object", "properties": {"api_base": {"type": "string"}}},
    "inputs": [{"name": "api_base", "kind": "origin", "default": API}],
    "hosts": ["{api_base}"],
    "scopes": [
        {"name": "books:read", "title": "Read books", "rules": [{"method": "GET", "path": "/v1/books/{id}"}]},
        {"name": "orders:read", "title": "Read orders", "rules": [{"method": "GET", "path": "/v1/orders"}]},
        {"name": "orders:write", "title": "Place orders", "rules": [{"method": "POST", "path": "/v1/orders"}]},
    ],
    "actions": [
        {
            "name": "get_book",
            "title": "Read one book",
            "effect": "read",
            "scopes": ["books:read"],
            "input": fields(id="string"),
            "output": fields(id="string", title="string", price_cents="integer"),
            "examples": [{"input": {"id": "7"}, "output": {"id": "7", "title": "Emma", "price_cents": 950}}],
        },
        {
            "name": "place_order",
            "title": "Order copies of a book",
            "effect": "write",
            "scopes": ["orders:write"],
            "input": fields(book_id="string", copies="integer"),
            "output": fields(id="string"),
            "examples": [{"input": {"book_id": "7", "copies": 2}, "output": {"id": "order_1"}}],
            "idempotency": {"header": KEY},
        },
    ],
    "triggers": [
        {
            "name": "new_orders",
            "title": "Orders, as they are placed",
            "kind": "poll",
            "scopes": ["orders:read"],
            "record": fields(id="string", book_id="string", copies="integer"),
        }
    ],
}


def check() -> None:
    http.get(url("/v1/orders"), query={"limit": 1}).send().error_for_status()


def get_book(one: Input) -> Request:
    return http.get(url(f"/v1/books/{http.segment(one.body['id'])}"))


def place_order(one: Input) -> Request:
    return http.post(url("/v1/orders"), json=one.body, idempotency_key=(KEY, one.key))


# The shop lists orders in the order in which they were placed: the last one that was read is where to go on.
new_orders = paged_by(
    request=lambda cursor: http.get(url("/v1/orders"), query={"limit": 100, "after": (cursor or {}).get("after")}),
    records=lambda body: [Record(f"order/{order['id']}", order) for order in body["orders"]],
    next=lambda body: {"after": body["orders"][-1]["id"]} if body["orders"] else None,
    more=lambda body: body["has_more"],
)

Connector = define_connector(
    manifest=MANIFEST,
    check=check,
    actions={"get_book": in_one_stage(get_book), "place_order": in_one_stage(place_order)},
    polls={"new_orders": new_orders},
)
