//! What an expression can do to the rest of its flow: nothing that the flow does not say, and not for ever.

use std::collections::BTreeMap;

use lockgate::domain::Blame;
use lockgate::domain::dead_letter::DeadLetter;
use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::run::{Run, RunStatus};
use lockgate::domain::schedule::{CatchUp, Every, Schedule};
use lockgate::{Host, Kind, NewFlow, PipelineOptions, Tenant};
use lockgate_tests::guests;
use serde_json::{Value, json};
use vendors::{Fault, Faults, When};

use crate::harness::{CANARY, DEAL_TO_INVOICE, Echo, Town, call, finished, profile, reaching};

/// A flow from the probing guest to itself: six records `{"n": 0}` and on, to whichever of its actions.
fn new_flow(name: &str, jq: &str, action: &str) -> NewFlow {
    let probe = || "probe".parse().unwrap();
    NewFlow {
        name: name.parse().unwrap(),
        source: Source { profile: probe(), trigger: "things".to_owned() },
        mapping: Some(Mapping { jq: jq.to_owned() }),
        destination: Destination { profile: probe(), action: action.to_owned() },
        schedule: None,
        delivery: DeliveryPolicy {
            batch: 10,
            retry: RetryPolicy {
                attempts_max: 3,
                base_ms: 1,
                cap_ms: 5,
                wait_max_ms: 1_000,
                ..RetryPolicy::default()
            },
            ..DeliveryPolicy::default()
        },
    }
}

struct Bench {
    echo: Echo,
    _host: Host,
    tenant: Tenant,
}

impl Bench {
    async fn new(pipeline: PipelineOptions) -> Self {
        let echo = Echo::start().await;
        let host = reaching(&[&echo.url]).pipeline(pipeline).build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        tenant.upload(guests::PROBER.to_vec()).await.unwrap();
        profile(&tenant, "probe", "prober", &echo.url, CANARY, &["things:read"]).await;
        Self { echo, _host: host, tenant }
    }

    async fn run(&self, flow: NewFlow) -> Run {
        let name = flow.name.clone();
        self.tenant.create_flow(flow).await.unwrap();
        let run = self.tenant.run_flow(&name).await.unwrap();
        finished(&self.tenant, run).await
    }

    fn letters(&self) -> Vec<DeadLetter> {
        self.tenant.dead_letters(None, None, 100).unwrap().items
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_url_that_an_expression_wrote_meets_every_gate() {
    let bench = Bench::new(PipelineOptions::default()).await;
    let host = bench.echo.url.trim_start_matches("http://").to_owned();
    // A destination that takes whole URLs is the worst one for a tenant to own; the policy is the same.
    for url in [
        "https://evil.example/things".to_owned(),
        format!("http://{host}@evil.example/things"),
        format!("http://evil.example\\@{host}/things"),
        format!("http://{host}/things/../admin"),
        format!("http://{host}/things/%2e%2e/admin"),
        format!("http://{host}/things/a%2fb"),
        format!("http://{host}/things;admin"),
        format!("http://{host}/things/1/../../admin?x"),
        format!("http://{host}/\r\nx: y"),
        "file:///etc/passwd".to_owned(),
        format!("//{host}/things"),
    ] {
        let outcome = call(&bench.tenant, "probe", "fetch", json!({ "url": url })).await.results.remove(0);
        let answer = outcome.expect("the guest reports what it saw");
        assert!(answer.get("denied").is_some(), "{url}: {answer}");
    }
    for value in ["a\r\nauthorization: x", "a\nb", "a\0b"] {
        let url = format!("{}/things", bench.echo.url);
        let request = json!({ "url": url, "headers": [["x-note", value]] });
        let answer = call(&bench.tenant, "probe", "fetch", request).await.results.remove(0).unwrap();
        assert!(answer.get("denied").is_some(), "{value:?}: {answer}");
    }
    let run = bench.run(new_flow("away", r#"{url: "https://evil.example/things"}"#, "fetch")).await;
    assert_eq!(run.counts.denied, 6, "{run:?}");
    assert!(bench.echo.heads().is_empty(), "something was sent: {:?}", bench.echo.heads());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_in_a_path_stays_one_segment() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    let key = vendors::StripeOptions::default().key;
    profile(&town.tenant, "void", "stripe", &town.stripe.url(), &key, &["invoices:void"]).await;
    let crm_calls = town.crm.journal().entries().len();
    for id in [
        "in_1/../../customers",
        "../customers",
        "..",
        "in_1?expand=x",
        "in_1#x",
        "in_1%2f..%2fcustomers",
        "in_1/void",
        "@evil.example",
        "in_1\r\nx: y",
        "in_1;x",
        "in_1\\..\\customers",
    ] {
        let voided = call(&town.tenant, "void", "void_invoice", json!({ "invoice_id": id })).await;
        assert!(voided.results.iter().all(Result::is_err), "{id}");
        let read = call(&town.tenant, "crm", "get_contact", json!({ "id": id })).await;
        assert!(read.results.iter().all(Result::is_err), "{id}");
    }
    for entry in town.stripe.journal().entries() {
        let inner = entry.path.strip_prefix("/v1/invoices/").and_then(|rest| rest.strip_suffix("/void"));
        let is_one = inner.is_some_and(|id| !id.contains('/') && !id.contains('?'));
        assert!(is_one && entry.query.is_empty(), "{} {}?{}", entry.method, entry.path, entry.query);
    }
    for entry in town.crm.journal().entries().into_iter().skip(crm_calls) {
        let inner = entry.path.strip_prefix("/crm/").and_then(|rest| rest.rsplit_once("/contacts/"));
        assert!(inner.is_some_and(|(_, id)| !id.contains('/')), "{} {}", entry.method, entry.path);
        assert!(entry.query.starts_with("properties="), "{}", entry.query);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_in_a_body_adds_no_member_and_no_field() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    let hostile = [
        r#"","admin":true,"x":""#,
        "a&metadata[admin]=true&b=",
        "a]&metadata[admin",
        "{{7*7}} ${7*7} <%= 7*7 %> $(id)",
        "%26metadata%5Badmin%5D%3Dtrue",
        "\r\nx: y\r\n\r\n",
        "+ %2B %00",
    ];
    let mut metadata: BTreeMap<String, Value> = BTreeMap::new();
    for (n, text) in hostile.iter().enumerate() {
        metadata.insert(format!("k{n}"), json!(text));
    }
    metadata.insert("a]&metadata[admin".to_owned(), json!("x"));
    let input = json!({
        "customer": { "email": "ada@example.com", "name": hostile[0] },
        "currency": "eur",
        "lines": [{ "amount_cents": 100, "description": hostile[1] }],
        "metadata": metadata,
    });
    let called = call(&town.tenant, "stripe", "create_invoice", input.clone()).await;
    let invoices = town.stripe.invoices();
    if let Some(invoice) = invoices.first() {
        assert!(!invoice.metadata.contains_key("admin"), "{:?}", invoice.metadata);
        for (n, text) in hostile.iter().enumerate() {
            assert_eq!(invoice.metadata.get(&format!("k{n}")).map(String::as_str), Some(*text), "{called:?}");
        }
    }
    // The vendor refuses the name with the bracket; without it everything arrives as it was.
    let mut input = input;
    input["metadata"].as_object_mut().unwrap().remove("a]&metadata[admin");
    let called = call(&town.tenant, "stripe", "create_invoice", input).await;
    assert!(called.results.iter().all(Result::is_ok), "{:?}", called.results);
    let invoices = town.stripe.invoices();
    let invoice = invoices.last().unwrap();
    assert_eq!(invoice.metadata.len(), hostile.len());
    for (n, text) in hostile.iter().enumerate() {
        assert_eq!(invoice.metadata.get(&format!("k{n}")).map(String::as_str), Some(*text));
    }
    let customers = town.stripe.customers();
    assert_eq!(customers.last().unwrap().name.as_deref(), Some(hostile[0]));
    assert!(customers.iter().all(|customer| customer.metadata.is_empty()), "{customers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_destination_does_not_take_names_its_path_and_is_the_operators() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    let one = "select(.deal_id == \"10248\") | ";
    for (n, (change, path)) in [
        (".lines = \"x\"", "/lines"),
        (".lines[0] = null", "/lines/0"),
        (".lines[0].amount_cents = true", "/lines/0/amount_cents"),
        (".lines[0].amount_cents = 1e300", "/lines/0/amount_cents"),
        (".customer.email = null", "/customer/email"),
        (".currency = [\"eur\"]", "/currency"),
        (".lines = [range(1000) as $n | {amount_cents: $n}]", "/lines"),
        (".admin = true", "/"),
    ]
    .into_iter()
    .enumerate()
    {
        let flow = format!("typed-{n}");
        town.flow(&flow, &format!("{one}({DEAL_TO_INVOICE}) | {change}")).await;
        let run = town.run(&flow).await;
        assert_eq!((run.status, run.counts.dead_lettered), (RunStatus::Partial, 1), "{change}");
        let letters = town.tenant.dead_letters(Some(&flow.parse().unwrap()), None, 10).unwrap().items;
        let cause = &letters[0].cause;
        assert_eq!((cause.code.as_str(), cause.blame), ("invalid_input", Blame::Operator), "{change}");
        assert!(cause.message.contains(&format!(" {path}: ")), "{change}: {}", cause.message);
        assert!(!cause.message.contains("10248"), "a value is repeated: {}", cause.message);
    }
    assert!(town.stripe.journal().entries().is_empty(), "the destination was called");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_is_one_source_one_mapping_and_one_destination_that_exist() {
    let bench = Bench::new(PipelineOptions::default()).await;
    let good = || new_flow("good", ".", "echo");
    let mut flows = Vec::new();
    let mut new = good();
    new.source.profile = "nobody".parse().unwrap();
    flows.push((new, "not_found"));
    let mut new = good();
    new.destination.profile = "nobody".parse().unwrap();
    flows.push((new, "not_found"));
    let mut new = good();
    new.source.trigger = "nothing".to_owned();
    flows.push((new, "invalid_flow"));
    let mut new = good();
    new.destination.action = "nothing".to_owned();
    flows.push((new, "invalid_flow"));
    for (new, code) in flows {
        assert_eq!(bench.tenant.create_flow(new).await.unwrap_err().code, code);
    }
    bench.tenant.create_flow(good()).await.unwrap();
    let twice = bench.tenant.create_flow(good()).await.unwrap_err();
    assert_eq!((twice.kind, twice.code), (Kind::Conflict, "flow_exists"));
    // There is no word for a second step, a branch or an edge: a flow that has one is not read.
    let flow = json!({
        "name": "graph",
        "source": { "profile": "probe", "trigger": "things" },
        "destination": { "profile": "probe", "action": "echo" },
    });
    assert!(serde_json::from_value::<server::dto::NewFlow>(flow.clone()).is_ok());
    for (name, value) in [
        ("steps", json!([])),
        ("destinations", json!([])),
        ("next", json!("graph")),
        ("on_error", json!("graph")),
    ] {
        let mut graph = flow.clone();
        graph[name] = value;
        assert!(serde_json::from_value::<server::dto::NewFlow>(graph).is_err(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_attempt_at_a_record_hands_over_the_same_input_under_the_same_key() {
    // The vendor refuses a key that comes again with other parameters, and sees each invoice three times.
    let busy = Faults::none().on(When::nth("POST", "/v1/invoices", 1).times(2), Fault::status(503));
    let town = Town::new(Faults::none(), busy).await;
    let program =
        format!("select(.deal_id == \"10248\") | ({DEAL_TO_INVOICE}) | .metadata.all = (. | tojson)");
    town.flow("again", &program).await;
    let run = town.run("again").await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 1), "{run:?}");
    let entries = town.stripe.journal().entries();
    let posts: Vec<_> = entries.iter().filter(|entry| entry.path == "/v1/invoices").collect();
    assert_eq!(posts.len(), 3, "{posts:?}");
    let same = |entry: &&&vendors::Entry| {
        entry.idempotency_key() == posts[0].idempotency_key() && entry.body_bytes == posts[0].body_bytes
    };
    assert_eq!(posts.iter().filter(same).count(), 3, "{posts:?}");
    assert_eq!(town.stripe.invoices().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poison_record_is_tried_a_bounded_number_of_times_whoever_replays_it() {
    let bench = Bench::new(PipelineOptions { replays_max: 2, ..PipelineOptions::default() }).await;
    let program = "select(.n == 0) | {class: \"transient\"}";
    let run = bench.run(new_flow("poison", program, "fail")).await;
    assert_eq!((run.status, run.counts.dead_lettered), (RunStatus::Partial, 1), "{run:?}");
    let id = bench.letters()[0].id.clone();
    for _ in 0..2 {
        let replay = bench.tenant.replay(&id).await.unwrap();
        assert_eq!(finished(&bench.tenant, replay).await.status, RunStatus::Partial);
    }
    let refused = bench.tenant.replay(&id).await.unwrap_err();
    assert_eq!((refused.kind, refused.code), (Kind::Conflict, "replays_exhausted"));
    let letters = bench.letters();
    // Attempts of the flow, once for the run and once for each replay: the product is the whole of it.
    assert_eq!((letters.len(), letters[0].replays, letters[0].attempts.len()), (1, 2, 3 * 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patience_without_end_is_refused_when_the_flow_is_made() {
    let bench = Bench::new(PipelineOptions::default()).await;
    let with = |change: fn(&mut NewFlow)| {
        let mut new = new_flow("patient", ".", "echo");
        change(&mut new);
        new
    };
    for (new, named) in [
        (with(|new| new.delivery.retry.attempts_max = 101), "attempts_max"),
        (with(|new| new.delivery.retry.attempts_max = 0), "attempts_max"),
        (with(|new| new.delivery.retry.base_ms = u64::MAX), "base_ms"),
        (with(|new| new.delivery.retry.cap_ms = u64::MAX), "cap_ms"),
        (with(|new| new.delivery.retry.wait_max_ms = u64::MAX), "wait_max_ms"),
        (with(|new| new.delivery.batch = 1_000_000), "batch"),
        (with(|new| new.schedule = Some(every(1))), "every_ms"),
        (with(|new| new.schedule = Some(every(u64::MAX))), "every_ms"),
    ] {
        let refused = bench.tenant.create_flow(new).await.unwrap_err();
        assert_eq!(refused.code, "invalid_flow");
        assert!(refused.message.contains(named), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_pours_and_a_record_that_swells_are_bounded() {
    let bench = Bench::new(PipelineOptions::default()).await;
    bench.tenant.upload(guests::HOG.to_vec()).await.unwrap();
    profile(&bench.tenant, "hog", "hog", &bench.echo.url, CANARY, &["things:read"]).await;
    let mut pours = new_flow("pours", ".", "echo");
    pours.source = Source { profile: "hog".parse().unwrap(), trigger: "records".to_owned() };
    let run = bench.run(pours).await;
    let failure = run.failure.expect("20 MB of records are more than a call may return");
    assert_eq!((run.counts.read, failure.code.as_str(), failure.blame), (0, "output_limit", Blame::Guest));

    let swells = "select(.n == 0) | [range(1000000) | {n: ., text: \"xxxxxxxxxx\"}]";
    let run = bench.run(new_flow("swells", swells, "echo")).await;
    assert_eq!((run.counts.delivered, run.counts.dead_lettered), (0, 1), "{run:?}");
    let cause = bench.letters().remove(0).cause;
    assert_eq!(cause.blame, Blame::Operator);
    let at_limits = ["cpu_limit", "memory_limit", "output_limit", "trap"];
    assert!(at_limits.contains(&cause.code.as_str()), "{cause:?}");

    // One record for the mapping, as many requests as it likes for the connector: one call's requests are counted.
    let mut many = new_flow("many", "select(.n == 0)", "requests");
    many.destination.profile = "hog".parse().unwrap();
    bench.run(many).await;
    assert!(bench.echo.heads().len() <= 1_000, "{} requests were sent", bench.echo.heads().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_flow_does_cannot_be_changed_under_a_run() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    town.flow("deals", DEAL_TO_INVOICE).await;
    let name = "deals".parse().unwrap();
    let before = town.tenant.flow(&name).unwrap();
    let run = town.tenant.run_flow(&name).await.unwrap();
    let other = NewFlow {
        name: before.name.clone(),
        source: before.source.clone(),
        mapping: Some(Mapping { jq: "{evil: true}".to_owned() }),
        destination: before.destination.clone(),
        schedule: None,
        delivery: before.delivery.clone(),
    };
    let refused = town.tenant.create_flow(other).await.unwrap_err();
    assert_eq!((refused.kind, refused.code), (Kind::Conflict, "flow_exists"));
    // Nor is the code at either end: a version never changes, and a profile keeps the one that it has.
    let pinned = |profile: &str| town.tenant.profile(&profile.parse().unwrap()).unwrap().connector;
    let ends = [pinned("crm"), pinned("stripe")];
    let mut changed = plugins::STRIPE.to_vec();
    changed.extend_from_slice(b"\0\x05\x04note");
    assert_eq!(town.tenant.upload(changed).await.unwrap_err().code, "version_exists");
    assert_eq!(finished(&town.tenant, run).await.counts.delivered, 809);
    assert_eq!([pinned("crm"), pinned("stripe")], ends);
    assert_eq!(town.tenant.flow(&name).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_is_disabled_under_a_run_stops_it_and_keeps_what_it_holds() {
    let slow = Faults::none().on(When::nth("POST", "/v1/invoices", 1).times(10_000), Fault::delay_ms(30));
    let town = Town::new(Faults::none(), slow).await;
    town.flow("deals", DEAL_TO_INVOICE).await;
    let name = "deals".parse().unwrap();
    let run = town.tenant.run_flow(&name).await.unwrap();
    while town.stripe.journal().count("POST", "/v1/invoices") == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    town.tenant.enable_flow(&name, false).await.unwrap();
    let run = finished(&town.tenant, run).await;
    assert_eq!(run.status, RunStatus::Failed, "{run:?}");
    assert_eq!(run.failure.as_ref().map(|failure| failure.code.as_str()), Some("flow_disabled"));
    assert_eq!(run.counts.delivered + run.counts.waiting(), run.counts.read, "{run:?}");
    assert!(run.counts.delivered < 809);
}

fn every(every_ms: u64) -> Schedule {
    Schedule::Every(Every { every_ms, catch_up: CatchUp::Once })
}
