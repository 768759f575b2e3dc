//! Names that are paths, device names, look-alikes or far too long, wherever the API takes one.

use serde_json::json;

use super::yard::Yard;

/// None of them is a name.
fn bad_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "../../etc",
        "..%2f",
        "a/b",
        "a\\b",
        "a\0b",
        ".",
        "..",
        "",
        " ",
        "a ",
        " a",
        "a.",
        "CON",
        "Prober",
        "PROBER",
        "\u{430}",
        "caf\u{e9}",
        "cafe\u{301}",
        "a\u{202e}b",
        "\u{1b}[2J",
        "a\nb",
        "-a",
        "a_b",
        "a:b",
        "a@1.0.0",
        "\u{ff41}",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("a".repeat(64));
    names.push("a".repeat(10 << 10));
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_none_is_refused_everywhere_and_makes_no_file() {
    let yard = Yard::new().await;
    yard.goes_on().await;
    let before = yard.components();
    for name in bad_names() {
        let new = json!({ "name": name, "connector": "prober", "auth": { "kind": "bearer" }, "config": { "api_base": "https://a.example" } });
        let answer = yard.json("POST", "/v1/profiles", new).await;
        assert_eq!(answer.status, 400, "{name:?}: {answer:?}");
        let answer = yard.json("POST", "/v1/profiles", json!({ "name": "a", "connector": name })).await;
        assert_eq!(answer.status, 400, "{name:?}: {answer:?}");
        assert!(!answer.detail().chars().any(lockgate::domain::text::is_hidden), "{answer:?}");
        assert!(answer.detail().len() < 1_000, "{answer:?}");
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        if name.len() < 200 && !name.is_empty() {
            let answer = yard.get(&format!("/v1/connectors/{escaped}")).await;
            assert!([400, 404].contains(&answer.status), "{name:?}: {answer:?}");
        }
    }
    assert_eq!(yard.get("/v1/profiles").await.body["items"], json!([]));
    assert_eq!(yard.components(), before);
    let hash = before[0].trim_end_matches(".wasm");
    assert!(
        hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()),
        "a file is named by its hash: {before:?}"
    );
}
