//! One connector in three languages: what they answer, and what they ask of their vendor, is the same.

mod built;
mod desk;
mod own_fetch;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kit::{Options, Stand, State};
use lockgate::domain::call::{GuestError, Inbound, Input};
use lockgate::domain::{Artefacts, ProfileName, Secret};
use lockgate::{AuthChoice, NewProfile, Tenant};
use lockgate_testing::file;
use serde_json::{Value, json};

use self::built::Built;
use self::desk::Desk;
use crate::harness;

const SCOPES: [&str; 2] = ["tickets:read", "tickets:write"];

/// Compiled code of interpreters, kept between runs of the tests: making it takes half a minute.
struct Kept(PathBuf);

impl Artefacts for Kept {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.0.join(key)).ok()
    }

    fn keep(&self, key: &str, artefact: &[u8]) {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.0.join(format!("{key}.{}-{number}.part", std::process::id()));
        std::fs::write(&unfinished, artefact).unwrap();
        std::fs::rename(unfinished, self.0.join(key)).unwrap();
    }
}

fn kept() -> Arc<dyn Artefacts> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/languages/compiled");
    std::fs::create_dir_all(&folder).unwrap();
    Arc::new(Kept(folder))
}

async fn profile(tenant: &Tenant, connector: &str, desk: &Desk, scopes: &[&str]) -> ProfileName {
    let name: ProfileName = format!("{connector}-{}", scopes.len()).parse().unwrap();
    let new = NewProfile {
        name: name.clone(),
        connector: connector.parse().unwrap(),
        version: None,
        config: json!({ "base_url": desk.url }),
        auth: Some(AuthChoice { kind: "bearer".to_owned(), user: None }),
        rate: Some(lockgate::Rate { per_second: 10_000, burst: 10_000 }),
        egress_address: None,
    };
    tenant.create_profile(new).await.unwrap();
    tenant.set_credential(&name, Secret::new(desk::TOKEN)).await.unwrap();
    let scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
    tenant.grant(&name, &BTreeSet::from([desk.url.parse().unwrap()]), &scopes).await.unwrap();
    name
}

/// The class of an error, and what it says where that is ours to say: each language words broken JSON in its own way.
fn error(error: &GuestError) -> Value {
    let message = error.message();
    let message = message.split(" is not what was expected: ").next().unwrap_or_default();
    let message = message.split("not the JSON that was expected: ").next().unwrap_or_default();
    json!({ "class": error.code(), "message": message })
}

async fn run(tenant: &Tenant, profile: &ProfileName, action: &str, inputs: &[(&str, Value)]) -> Value {
    let inputs: Vec<_> =
        inputs.iter().map(|(key, body)| Input { key: (*key).to_owned(), body: body.to_string() }).collect();
    let report = tenant.rehearse_run(profile, action, &inputs).await.unwrap();
    let results = report.outcome.unwrap_or_else(|failure| panic!("{action}: {failure} {:?}", report.log));
    let result = |result: Result<String, GuestError>| match result {
        Ok(text) => serde_json::from_str(&text).unwrap(),
        Err(refused) => error(&refused),
    };
    results.into_iter().map(result).collect()
}

async fn poll(tenant: &Tenant, profile: &ProfileName, cursor: Option<String>) -> (Value, Option<String>) {
    let report = tenant.rehearse_poll(profile, "tickets", cursor.as_deref()).await.unwrap();
    let page = report.outcome.unwrap().unwrap();
    let record = |body: &str| serde_json::from_str::<Value>(body).unwrap();
    let records: Value = page.records.iter().map(|it| json!([it.key, record(&it.body)])).collect();
    (json!({ "records": records, "next": page.next, "more": page.more }), page.next)
}

async fn receive(tenant: &Tenant, profile: &ProfileName, body: &str) -> Value {
    let event = Inbound { headers: Vec::new(), body: body.as_bytes().to_vec() };
    match tenant.rehearse_receive(profile, "ticket_events", event).await.unwrap().outcome.unwrap() {
        Ok(records) => records.iter().map(|it| json!([it.key, it.body])).collect(),
        Err(refused) => error(&refused),
    }
}

/// Everything that the connector does, as one value.
async fn everything(desk: &Desk, built: Built) -> Value {
    let host = harness::reaching(&[&desk.url]).artefacts(kept()).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    let uploaded = tenant.upload(built.component).await.unwrap();
    let mut manifest = json!(uploaded.connector.manifest);
    manifest["name"] = json!("desk");
    let profile_all = profile(&tenant, built.name, desk, &SCOPES).await;
    let reader = profile(&tenant, built.name, desk, &SCOPES[..1]).await;

    let checked = tenant.rehearse_check(&profile_all).await.unwrap().outcome.unwrap();
    let ids = [
        "t1",
        "missing",
        "secret",
        "wrong",
        "changed",
        "stranger",
        "down",
        "hurry",
        "broken",
        "cut",
        "ü 🎉?#",
        "in/42",
        "..",
        "",
    ];
    let read: Vec<_> = ids.iter().map(|id| (*id, json!({ "id": id }))).collect();
    let read = run(&tenant, &profile_all, "get_ticket", &read).await;
    let subjects =
        [("k1", "First"), ("k2", " "), ("k1", "First"), ("k3", "fails"), ("k4", "is lost"), ("k5", "Ünï 🎉")];
    let mut made = Vec::new();
    for (key, subject) in subjects {
        made.push(run(&tenant, &profile_all, "create_ticket", &[(key, json!({ "subject": subject }))]).await);
    }
    let batch: Vec<_> = (0..50).map(|_| ("k1", json!({ "subject": "First" }))).collect();
    let batch = run(&tenant, &profile_all, "create_ticket", &batch).await;
    let refused =
        run(&tenant, &reader, "create_ticket", &[("k9", json!({ "subject": "Not allowed" }))]).await;
    let unknown = run(&tenant, &profile_all, "no_such_action", &[("k", json!({}))]).await;

    let (mut pages, mut cursor) = (Vec::new(), None);
    for _ in 0..4 {
        let (page, next) = poll(&tenant, &profile_all, cursor.clone()).await;
        cursor = next.or(cursor);
        pages.push(page);
    }
    let changed = json!({
        "type": "ticket.closed",
        "ticket": { "id": "t1", "subject": "Grüße", "status": "closed", "updated_at": "2026-11-02T10:00:00Z", "x": 1 },
    });
    let received = [
        receive(&tenant, &profile_all, &changed.to_string()).await,
        receive(&tenant, &profile_all, r#"{"type": "user.created", "user": {}}"#).await,
        receive(&tenant, &profile_all, "{\"type\": ").await,
    ];
    let received: Vec<Value> = received
        .into_iter()
        .map(|records| match &records {
            Value::Array(list) => list
                .iter()
                .map(|it| json!([it[0], serde_json::from_str::<Value>(it[1].as_str().unwrap()).unwrap()]))
                .collect(),
            _ => records,
        })
        .collect();
    json!({
        "manifest": manifest, "check": checked.is_ok(), "read": read, "made": made, "batch": batch,
        "refused": refused, "unknown": unknown, "pages": pages, "received": received, "asked": desk.asked(),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connector_in_three_languages_gives_the_same_answers() {
    let desk = Desk::start().await;
    let rust = everything(&desk, built::rust()).await;
    // What the two others are held to is right in the first place.
    assert_eq!(rust["check"], true);
    let classes: Vec<_> = rust["read"].as_array().unwrap().iter().map(|it| it["class"].as_str()).collect();
    let expected = [
        None,
        Some("not_found"),
        Some("permanent"),
        Some("invalid"),
        Some("conflict"),
        Some("auth_required"),
        Some("transient"),
        Some("rate_limited"),
        Some("permanent"),
        Some("transient"),
        None,
        Some("denied"),
        Some("invalid"),
        Some("invalid"),
    ];
    assert_eq!(classes, expected, "{}", rust["read"]);
    assert_eq!(rust["refused"][0]["class"], "denied");
    assert_eq!(rust["made"][0], rust["made"][2], "the key makes one ticket of two attempts");
    assert_eq!(
        rust["pages"].as_array().unwrap().iter().map(|it| it["more"] == true).collect::<Vec<_>>(),
        [true, true, false, false]
    );
    assert_eq!(rust["received"][1], json!([]));

    for built in [built::js(false), built::python(false)].into_iter().flatten() {
        // A desk that has seen nothing yet: what it makes has the numbers that the first one's had.
        let language = built.language;
        let desk_of_its_own = Desk::start().await;
        let other = everything(&desk_of_its_own, built).await;
        for part in rust.as_object().unwrap().keys() {
            let plain = |value: &Value, url: &str| {
                value
                    .to_string()
                    .replace(url, "DESK")
                    .replace("desk-js-", "desk-")
                    .replace("desk-py-", "desk-")
            };
            let (ours, theirs) = (plain(&rust[part], &desk.url), plain(&other[part], &desk_of_its_own.url));
            assert_eq!(ours, theirs, "{part} in {language}");
        }
    }
}

/// What the READMEs show is true of each language: the same files, the same kit, nothing left out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connector_in_three_languages_passes_one_file_of_tests_and_the_kit() {
    let file = crate::house::top().join("sdk-guest/examples/tests/desk.yaml");
    let tests = file::parse(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(tests.len() > 5, "the file has {} tests", tests.len());
    for built in [Some(built::rust()), built::js(false), built::python(false)].into_iter().flatten() {
        let options = Options { artefacts: Some(kept()), ..Options::default() };
        let stand = Stand::open(built.component, options).await.unwrap();
        let mut verdicts = kit::tests(&stand, &tests).await;
        verdicts.extend(kit::conformance(&stand, &tests, None).await);
        let other: Vec<_> = verdicts.iter().filter(|verdict| verdict.state != State::Passed).collect();
        assert!(other.is_empty(), "{}: {other:#?}", built.language);
    }
}
