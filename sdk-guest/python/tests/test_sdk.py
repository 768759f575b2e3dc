"""The SDK outside of a component: classes of errors, encoding, batches and pages, with a remote of the test's own."""

import json
import unittest
from types import SimpleNamespace

from lockgate_sdk import (
    Ambiguous,
    AuthRequired,
    Conflict,
    Invalid,
    NotFound,
    Page,
    Permanent,
    RateLimited,
    Record,
    Transient,
    _host,
    define_connector,
    each,
    http,
    in_one_stage,
    paged_by,
    profile,
)


def action(name):
    return {"name": name, "title": name, "effect": "read", "input": {}, "output": {}}


MANIFEST = {
    "name": "probe",
    "version": "0.1.0",
    "title": "Probe",
    "category": "custom",
    "hosts": ["https://a.example"],
    "scopes": [],
    "actions": [action("get"), action("echo")],
    "triggers": [
        {"name": "things", "title": "Things", "kind": "poll", "record": {}},
        {"name": "events", "title": "Events", "kind": {"webhook": {"scheme": {"kind": "github"}}}, "record": {}},
    ],
}

CONNECTOR = define_connector(
    manifest=MANIFEST,
    check=lambda: http.get("https://a.example/me").send().error_for_status(),
    actions={
        "get": in_one_stage(lambda one: http.get(f"https://a.example/{http.segment(one.body['id'])}")),
        "echo": each(lambda one: one.body["what"].strip()),
    },
    polls={
        "things": paged_by(
            request=lambda after: http.get("https://a.example/things", query={"after": after, "limit": 2}),
            records=lambda body: [Record(it["id"], it) for it in body["items"]],
            next=lambda body: body["next"],
        )
    },
    receives={"events": lambda event: [Record(event.json()["id"], event.json())]},
)()


def given(key, body):
    return SimpleNamespace(key=key, body=body if isinstance(body, str) else json.dumps(body))


def case(result):
    return type(result.value).__name__.removeprefix("Error_")


class Sdk(unittest.TestCase):
    def test_each_input_gets_its_own_result_in_order(self):
        def remote(request):
            return http.Response(200 if request.url.endswith("/7") else 404, body='{"id":"7"}')

        inputs = [given("a", {"id": "7"}), given("b", {"id": ".."}), given("c", "not json"), given("d", {"id": "8"})]
        with http.with_transport(remote):
            results = CONNECTOR.run("get", inputs)
        self.assertEqual(results[0].value, '{"id":"7"}')
        self.assertEqual([case(one) for one in results[1:]], ["Invalid", "Invalid", "NotFound"])

    def test_a_mistake_in_the_code_costs_one_input_and_not_the_batch(self):
        results = CONNECTOR.run("echo", [given("a", {}), given("b", {"what": " x "})])
        self.assertEqual([case(results[0]), results[1].value], ["Permanent", '"x"'])

    def test_a_status_becomes_the_class_that_decides_what_happens_next(self):
        classes = {
            400: Invalid, 401: AuthRequired, 403: Permanent, 404: NotFound, 409: Conflict, 422: Invalid,
            429: RateLimited, 500: Ambiguous, 302: Permanent,
        }  # fmt: skip
        for status, expected in classes.items():
            with self.assertRaises(expected):
                http.Response(status).error_for_status()
        with self.assertRaises(Transient):
            http.Response(500, repeatable=True).error_for_status()
        with self.assertRaises(Conflict):
            http.Response(200, headers={"lockgate-class": "conflict"}).error_for_status()
        self.assertEqual(http.Response(409, headers={"lockgate-class": "done"}).error_for_status().status, 409)

    def test_a_wait_is_read_in_seconds_as_a_date_and_from_the_host(self):
        def wait(**headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return http.Response(429, headers=named).retry_after_ms()

        self.assertEqual(wait(Retry_After="2.5"), 2_500)
        self.assertEqual(wait(retry_after="-1"), 0)
        self.assertIsNone(wait(retry_after="soon"))
        date = {"date": "Sun, 06 Nov 1994 08:49:37 GMT", "retry_after": "Sun, 06 Nov 1994 08:49:39 GMT"}
        self.assertEqual(wait(**date), 2_000)
        self.assertEqual(wait(**date, lockgate_wait_ms="7"), 7)

    def test_a_lost_answer_to_a_write_is_ambiguous_unless_the_remote_recognises_it(self):
        failure = _host.http.Failure(kind=_host.http.FailureKind.TIMEOUT, sent=True, message="no answer in 10 s")
        failed = _host.http.HttpError_Failed(failure)

        def lost(_):
            raise _host.Err(failed)

        url = "https://a.example/orders"
        with _host.installed(http=SimpleNamespace(send=lost, Request=_host.http.Request)):
            with self.assertRaises(Ambiguous):
                http.post(url, json={}).send()
            with self.assertRaises(Transient):
                http.get(url).send()
            with self.assertRaises(Transient):
                http.post(url, idempotency_key=("Idempotency-Key", "k")).send()

    def test_pages_end_where_the_source_ends_and_the_cursor_is_what_comes_next(self):
        def remote(request):
            first = "after=" not in request.url
            body = {"items": [{"id": "1"}, {"id": "2"}], "next": "2"} if first else {"items": [], "next": None}
            return http.Response(200, body=json.dumps(body))

        with http.with_transport(remote):
            first = CONNECTOR.poll("things", None)
            last = CONNECTOR.poll("things", first.next)
        self.assertEqual([one.key for one in first.records], ["1", "2"])
        self.assertEqual((first.next, first.more), ('"2"', True))
        self.assertEqual((last.records, last.next, last.more), ([], None, False))

    def test_what_is_raised_crosses_the_boundary_as_a_case_of_the_contract(self):
        def refused(attempt):
            with self.assertRaises(_host.Err) as error:
                attempt()
            return case(error.exception)

        self.assertEqual(refused(lambda: CONNECTOR.receive("events", SimpleNamespace(headers=[], body=b"{"))), "Invalid")
        with http.with_transport(lambda _: http.Response(401)):
            self.assertEqual(refused(CONNECTOR.check), "AuthRequired")
        with http.with_transport(lambda _: http.Response(200, body="<html>")):
            self.assertEqual(refused(lambda: CONNECTOR.poll("things", None)), "Permanent")
        self.assertEqual(refused(lambda: CONNECTOR.poll("no-such", None)), "Permanent")

    def test_a_segment_cannot_change_the_path_and_a_query_is_encoded_as_forms_are(self):
        self.assertEqual(http.segment("in/42 ü(')"), "in%2F42%20%C3%BC%28%27%29")
        for bad in ("", ".", "..", "\ud800"):
            with self.assertRaises(Invalid):
                http.segment(bad)
        query = {"status": "paid & sent", "tag": ["x", "y"], "none": None, "open": True, "mark": "~*"}
        request = http.get("https://a.example/?a=1", query=query)
        self.assertEqual(
            request.url, "https://a.example/?a=1&status=paid+%26+sent&tag=x&tag=y&open=true&mark=%7E*"
        )

    def test_a_manifest_that_promises_what_the_code_does_not_have_is_found_at_once(self):
        with self.assertRaisesRegex(TypeError, "the manifest has the action echo, and the code does not"):
            define_connector(manifest=MANIFEST)

    def test_all_pages_of_a_list_can_be_read_in_one_action_up_to_a_bound(self):
        def following(response):
            return http.get(f"https://a.example/{response.json()}")

        with http.with_transport(lambda request: http.Response(200, body=str(int(request.url[-1]) % 9 + 1))):
            with self.assertRaises(Permanent):
                list(http.pages(http.get("https://a.example/1"), following, max_pages=5))

    def test_settings_stand_for_those_of_a_profile(self):
        with profile.with_profile({"region": "eu"}, scopes=["read"]):
            self.assertEqual((profile.config(), profile.scopes()), ({"region": "eu"}, ["read"]))
        self.assertEqual(profile.config(), {})

    def test_a_long_message_is_cut(self):
        self.assertEqual(len(Permanent("é" * 5_000).message), 1_001)
        self.assertIsInstance(Page([]), Page)


if __name__ == "__main__":
    unittest.main()
