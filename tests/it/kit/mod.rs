//! The conformance kit: connectors that are well pass it, and for each check there is a guest that fails it.

use kit::{CHECKS, Options, Stand, State, Verdict, conformance};
use lockgate_testing::file::{self, Test};

/// Two things by id, and five of them page by page.
const CARELESS: &str = r#"
name: reads thing a
profile: {config: {careless: WAY}}
call: {action: get, input: {id: a}}
exchanges:
  - request: {url: "https://api.example.com/things/a"}
    reply: {json: {id: a}}
  - request: {url: "https://api.example.com/elsewhere"}
    times: any
  - request: {url: "https://api.example.com/other/a"}
    reply: {json: {id: a}}
    times: any
---
name: reads thing b
profile: {config: {careless: WAY}}
call: {action: get, input: {id: b}}
exchanges:
  - request: {url: "https://api.example.com/things/b"}
    reply: {json: {id: b}}
---
name: reads all things
profile: {config: {careless: WAY}}
call: {poll: things, pages: 9}
exchanges:
  - request: {url: "https://api.example.com/things"}
    reply:
      list:
        items: [{id: a}, {id: b}, {id: c}, {id: d}, {id: e}]
        into: /results
        paging: {query: after, next: /next}
    times: 3
expect:
  count: 5
"#;

async fn open(component: &[u8]) -> Stand {
    let options = Options { artefacts: Some(super::harness::compiled()), ..Options::default() };
    Stand::open(component.to_vec(), options).await.expect("the component is admitted")
}

fn tests(text: &str) -> Vec<Test> {
    file::parse(text).expect("the tests can be read")
}

fn failed(verdicts: &[Verdict]) -> Vec<&str> {
    let failed = verdicts.iter().filter(|verdict| verdict.state == State::Failed);
    failed.map(|verdict| verdict.name.as_str()).collect()
}

/// What fails of a guest that is careless in one way.
async fn careless(stand: &Stand, way: &str) -> Vec<Verdict> {
    let tests = tests(&CARELESS.replace("WAY", way));
    // What was seen of one way is not held against the next.
    stand.forget();
    conformance(stand, &tests, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn for_each_check_there_is_a_guest_that_fails_it() {
    let stand = open(lockgate_tests::guests::CARELESS).await;
    let good = careless(&stand, "not at all").await;
    assert!(failed(&good).is_empty(), "{good:#?}");
    let skipped: Vec<_> = good.iter().filter(|verdict| verdict.state == State::Skipped).collect();
    assert!(skipped.is_empty(), "{skipped:#?}");

    let boaster = open(lockgate_tests::guests::BOASTER).await;
    let mut met: Vec<String> =
        failed(&conformance(&boaster, &[], Some("describe")).await).into_iter().map(str::to_owned).collect();
    assert_eq!(met, ["describe.deterministic", "describe.schemas"]);
    // A manifest whose example breaks its schema is refused at admission already, on the laptop as on a host.
    met.push("describe.examples".to_owned());

    for (way, expected) in [
        ("output", &["actions.output"][..]),
        ("record", &["triggers.record"]),
        ("swaps", &["batch.results"]),
        ("fewer", &["batch.results"]),
        ("counts", &["batch.independent"]),
        ("endless", &["poll.ends"]),
        ("gaps", &["poll.complete"]),
        ("lucky", &["poll.resumes"]),
        ("gives_up", &["errors.401", "errors.404", "errors.429", "errors.5xx", "errors.timeout"]),
        ("hopes", &["errors.400", "errors.401", "errors.403", "errors.404", "errors.409", "errors.429"]),
        ("hurries", &["errors.429"]),
        ("believes", &["errors.broken_json"]),
        ("bytes", &["inputs.unicode"]),
        ("first", &["inputs.empty"]),
        ("hoards", &["inputs.huge", "limits.kept"]),
        ("strays", &["scopes.declared"]),
        ("borrows", &["scopes.least"]),
        ("tells", &["secrets.hidden"]),
    ] {
        let verdicts = careless(&stand, way).await;
        let failed = failed(&verdicts);
        for check in expected {
            assert!(failed.contains(check), "{way} passes {check}: {verdicts:#?}");
        }
        met.extend(failed.into_iter().map(str::to_owned));
    }
    let missed: Vec<_> = CHECKS.iter().filter(|check| !met.iter().any(|met| met == check.name)).collect();
    assert!(missed.is_empty(), "no guest fails {missed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_does_not_go_as_it_says_tells_what_was_seen_and_what_is_nearest() {
    let stand = open(lockgate_tests::guests::CARELESS).await;
    let text = r#"
name: asks for another thing
call: {action: get, input: {id: a}}
exchanges:
  - request: {url: "https://api.example.com/things/b"}
expect: {result: {id: b}}
"#;
    let verdicts = kit::tests(&stand, &tests(text)).await;
    let said = verdicts[0].messages.join("\n");
    assert_eq!(verdicts[0].state, State::Failed);
    assert!(said.contains("the path is /things/%61; expected /things/b"), "{said}");
    assert!(
        said.contains("exchange 1 (GET https://api.example.com/things/b) was expected 1 times"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_reach_the_connector_as_those_of_a_real_network() {
    let stand = open(lockgate_tests::guests::CARELESS).await;
    let one = |fault: &str, expect: &str| {
        format!(
            "name: \"{fault}\"\ncall: {{action: get, input: {{id: a}}}}\nexchanges:\n  - request: {{url: \
             \"https://api.example.com/things/a\"}}\n    reply: {{json: {{id: a}}}}\n    fault: {fault}\nexpect: {expect}\n"
        )
    };
    let text: Vec<String> = [
        ("refused", "{error: transient}"),
        ("unreachable", "{error: transient}"),
        ("tls", "{error: transient, message: trusted}"),
        ("reset", "{error: transient}"),
        ("slow_head", "{error: transient, message: in time}"),
        ("slow_body", "{error: transient, message: in time}"),
        ("truncated", "{error: transient}"),
        ("broken_json", "{error: permanent}"),
        ("{huge_body: {bytes: 9000000}}", "{error: permanent, message: too large}"),
        ("{rate_limited: {retry_after_s: 3}}", "{error: rate_limited, wait_ms: 3000}"),
        ("{server_error: {status: 502}}", "{error: transient}"),
    ]
    .into_iter()
    .map(|(fault, expect)| one(fault, expect))
    .collect();
    let verdicts = kit::tests(&stand, &tests(&text.join("---\n"))).await;
    assert!(failed(&verdicts).is_empty(), "{verdicts:#?}");
}

/// The connectors that ship: their own tests, and the kit.
#[tokio::test(flavor = "multi_thread")]
async fn the_connectors_that_ship_pass_their_tests_and_the_kit() {
    for (name, component) in [("crm", plugins::CRM), ("stripe", plugins::STRIPE)] {
        let stand = open(component).await;
        let mut all = Vec::new();
        let folder = super::house::top().join("plugins").join(name).join("tests");
        for entry in std::fs::read_dir(folder).expect("the tests of a connector") {
            let path = entry.expect("a folder can be listed").path();
            if path.extension().is_some_and(|kind| kind == "yaml") {
                all.extend(tests(&std::fs::read_to_string(path).expect("a test file")));
            }
        }
        let verdicts = kit::tests(&stand, &all).await;
        assert!(failed(&verdicts).is_empty(), "{name}: {verdicts:#?}");
        let verdicts = conformance(&stand, &all, None).await;
        assert!(failed(&verdicts).is_empty(), "{name}: {verdicts:#?}");
    }
}

/// What it takes to get a token is made up, a key that signs included.
#[tokio::test(flavor = "multi_thread")]
async fn a_connector_whose_host_signs_assertions_is_tested_without_a_key_of_its_author() {
    let stand = open(lockgate_tests::guests::VOUCHED).await;
    let text = r#"
name: asks for a token with an assertion, and then with the token
call: {action: whoami, input: {}}
exchanges:
  - request:
      method: POST
      url: "https://login.example.com/token"
      form: {grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: "*"}
    reply: {json: {access_token: a-token-of-the-test, expires_in: 3600}}
  - request: {url: "https://api.example.com/me", headers: {authorization: Bearer a-token-of-the-test}}
    reply: {json: {name: Ada}}
expect: {result: {name: Ada}}
---
name: gets its token by itself
call: {action: whoami, input: {}}
exchanges:
  - request: {url: "https://api.example.com/me", headers: {authorization: "Bearer {credential}"}}
    reply: {json: {name: Ada}}
"#;
    let verdicts = kit::tests(&stand, &tests(text)).await;
    assert!(failed(&verdicts).is_empty(), "{verdicts:#?}");
    let verdicts = conformance(&stand, &tests(text), Some("errors")).await;
    assert!(failed(&verdicts).is_empty(), "{verdicts:#?}");
}

/// What proves a client is masked where a provider repeats it, and must not be what the provider gives.
#[tokio::test(flavor = "multi_thread")]
async fn a_connector_whose_client_proves_itself_gets_its_token_from_the_server_that_is_the_default() {
    let stand = open(lockgate_tests::guests::PROVING).await;
    let text = r#"
name: gets its token by itself
call: {action: whoami, input: {}}
exchanges:
  - request: {url: "https://api.example.com/me", headers: {authorization: "Bearer {credential}"}}
    reply: {json: {name: Ada}}
expect: {result: {name: Ada}}
"#;
    let verdicts = kit::tests(&stand, &tests(text)).await;
    assert!(failed(&verdicts).is_empty(), "{verdicts:#?}");
    let verdicts = conformance(&stand, &tests(text), Some("errors")).await;
    assert!(failed(&verdicts).is_empty(), "{verdicts:#?}");
}
