"""The connector against a shop of the tests' own: outside of a component, in milliseconds, without a host."""

import json
import unittest
from types import SimpleNamespace

from connector import Connector
from lockgate_sdk import http

CONNECTOR = Connector()


def run(action, body):
    return CONNECTOR.run(action, [SimpleNamespace(key="run-1/1", body=json.dumps(body))])


class Shop(unittest.TestCase):
    def test_an_order_carries_the_key_by_which_it_is_recognised(self):
        def shop(request):
            self.assertEqual((request.method, request.url), ("POST", "https://api.bookshop.example/v1/orders"))
            self.assertEqual(dict(request.headers)["idempotency-key"], b"run-1/1")
            return http.Response(201, body='{"id": "order_1"}')

        with http.with_transport(shop):
            placed = run("place_order", {"book_id": "1", "copies": 2})
        self.assertEqual(json.loads(placed[0].value), {"id": "order_1"})

    def test_a_book_that_is_not_there_is_not_found(self):
        with http.with_transport(lambda _: http.Response(404)):
            read = run("get_book", {"id": "9"})
        self.assertEqual(type(read[0].value).__name__, "Error_NotFound")

    def test_orders_are_read_on_behind_the_last_one(self):
        def shop(request):
            self.assertIn("after=order_1", request.url)
            orders = [{"id": "order_2", "book_id": "1", "copies": 1}]
            return http.Response(200, body=json.dumps({"orders": orders, "has_more": False}))

        with http.with_transport(shop):
            page = CONNECTOR.poll("new_orders", '{"after": "order_1"}')
        self.assertEqual((len(page.records), json.loads(page.next), page.more), (1, {"after": "order_2"}, False))


if __name__ == "__main__":
    unittest.main()
