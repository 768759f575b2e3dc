//! What a guest hands over: lengths, pointers, cases and texts that are not what they say.

use serde_json::json;

use super::{ends_as, is_the_guests_own, returns};
use crate::harness::aftermath::Scene;
use crate::harness::raw::returning;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_breaks_the_boundary_ends_the_call_and_costs_the_host_nothing() {
    let scene = Scene::new().await;
    for name in [
        "returns_2_31_items",
        "returns_4_gib_of_text",
        "returns_a_list_past_the_end",
        "returns_an_odd_pointer",
        "returns_an_odd_area",
        "returns_an_area_past_the_end",
        "returns_an_unknown_case",
        "returns_an_unknown_error",
        "returns_invalid_utf8",
        "returns_half_a_character",
        "returns_a_lone_surrogate",
        "returns_odd_utf16",
        "returns_endless_utf16",
        "returns_tagged_surrogate",
        "returns_tagged_endless",
        "logs_at_an_unknown_level",
    ] {
        ends_as(&scene, name, &["trap", "output_limit"]).await;
    }
    ends_as(&scene, "returns_too_many_results", &["broken_contract"]).await;
    ends_as(&scene, "returns_no_result", &["broken_contract"]).await;
    assert_eq!(returns(&scene, "returns_latin1").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_legal_in_a_guests_memory_may_still_be_too_much() {
    let scene = Scene::new().await;
    ends_as(&scene, "returns_more_than_it_may", &["output_limit"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_must_be_one_json_text_within_bounds() {
    let scene = Scene::new().await;
    let deep = format!("{}{}", "[".repeat(101), "]".repeat(101));
    let cases: [(&str, &[u8]); 13] = [
        ("empty", b""),
        ("cut", b"{\"a\":"),
        ("two-texts", b"1 2"),
        ("bom", b"\xef\xbb\xbf1"),
        ("twice", b"{\"a\":1,\"a\":2}"),
        ("nan", b"NaN"),
        ("infinity", b"[-Infinity]"),
        ("too-large-a-number", b"1e400"),
        ("lone-surrogate", b"\"\\ud800\""),
        ("control", b"\"\x01\""),
        ("comment", b"1//"),
        ("deep", deep.as_bytes()),
        ("deeper-than-any-stack", &[b'['; 300_000]),
    ];
    for (name, text) in cases {
        let profile = scene.install(returning(name, text)).await;
        let error = scene.call(&profile).await.expect_err(name);
        is_the_guests_own(name, &error, &["broken_contract"]);
        assert_eq!(scene.failures(&profile), ["broken_contract"], "{name}");
    }
    let profile = scene.install(returning("too-long", &[b'1'; (1 << 20) + 1])).await;
    assert_eq!(scene.call(&profile).await.unwrap_err().code, "output_limit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_and_markup_come_through_as_they_are() {
    let scene = Scene::new().await;
    for (name, text, value) in [
        ("minus-nothing", "-0.0", json!(-0.0)),
        ("large", "18446744073709551615", json!(u64::MAX)),
        ("markup", "\"<script>alert(1)</script>\"", json!("<script>alert(1)</script>")),
    ] {
        let profile = scene.install(returning(name, text.as_bytes())).await;
        assert_eq!(scene.call(&profile).await.unwrap(), value, "{name}");
    }
}
