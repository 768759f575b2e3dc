//! What each gate costs, in nanoseconds a request: for a profile as most are, and for the largest that a manifest may
//! ask for. The README says how it is run.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark measures the machine's time, and ends at the first surprise"
)]

use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use domain::Gate;
use domain::call::Limits;
use domain::egress::{Ceiling, CredentialPlace, NoDoors, Policy, PolicyParts, Request, Spent};
use domain::profile::Grant;
use serde_json::{Value, json};

/// The gates that `judge` asks, in order.
const JUDGED: [Gate; 9] = [
    Gate::Capability,
    Gate::Normalise,
    Gate::Scheme,
    Gate::Ceiling,
    Gate::Hosts,
    Gate::Scope,
    Gate::Headers,
    Gate::Credential,
    Gate::Budget,
];

const ROUNDS: usize = 51;

fn main() {
    // `cargo test --benches` only asks whether it can start.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let (usual, largest) = (usual(), largest());
    println!("\n| gate | usual profile | largest profile |\n|---|---|---|");
    let row = |name: &str, usual: f64, largest: f64| println!("| {name} | {usual:.0} ns | {largest:.0} ns |");
    let gates = (usual.gates(), largest.gates());
    for (at, gate) in JUDGED.iter().enumerate() {
        row(gate.as_str(), gates.0[at], gates.1[at]);
    }
    row("address (two answers)", usual.address(), largest.address());
    row("**all, one judgement**", usual.whole(), largest.whole());
    row("a refusal at the scope gate", usual.refusal(), largest.refusal());
    row("an explanation of every gate", usual.explanation(), largest.explanation());
}

struct Case {
    policy: Arc<Policy>,
    request: Request,
    refused: Request,
    batch: usize,
}

impl Case {
    fn new(manifest: &Value, granted: &[&str], request: Request, refused: Request, batch: usize) -> Self {
        let manifest = serde_json::from_value(manifest.clone()).unwrap();
        let limits = Limits::default();
        let grant = Grant {
            hosts: [host(0).parse().unwrap()].into(),
            scopes: granted.iter().map(|name| name.parse().unwrap()).collect(),
            granted_at: None,
        };
        let credential = CredentialPlace::Header("authorization".to_owned());
        let parts = PolicyParts {
            profile: &"main".parse().unwrap(),
            manifest: &manifest,
            config: &json!({}),
            grant: &grant,
            ceiling: &Arc::new(Ceiling::default()),
            limits,
            credential: &[credential],
            rate: None,
        };
        let policy = Arc::new(Policy::new(parts).unwrap());
        policy.judge(request.clone(), Spent::default()).unwrap();
        assert_eq!(policy.judge(refused.clone(), Spent::default()).unwrap_err().gate, Gate::Scope);
        Self { policy, request, refused, batch }
    }

    /// Each gate by itself. The look at the clock between two gates is taken off again.
    fn gates(&self) -> [f64; JUDGED.len()] {
        let clock = median(|| {
            let began = Instant::now();
            for _ in 0..self.batch {
                black_box(Instant::now());
            }
            began.elapsed().as_secs_f64() * 1e9 / self.batch as f64
        });
        let mut spent = vec![Vec::with_capacity(ROUNDS * self.batch); JUDGED.len()];
        for request in self.requests(&self.request, ROUNDS * self.batch) {
            let mut last = Instant::now();
            let judged = self.policy.judge_watched(request, Spent::default(), |gate| {
                let now = Instant::now();
                let at = JUDGED.iter().position(|judged| *judged == gate).unwrap();
                spent[at].push((now - last).as_secs_f64() * 1e9 - clock);
                last = now;
            });
            drop(black_box(judged).unwrap());
        }
        let mut medians = [0.0; JUDGED.len()];
        for (at, spent) in spent.iter_mut().enumerate() {
            spent.sort_by(f64::total_cmp);
            medians[at] = spent[spent.len() / 2].max(0.0);
        }
        medians
    }

    fn whole(&self) -> f64 {
        self.each(&self.request, |request| {
            drop(black_box(self.policy.judge(request, Spent::default())).unwrap())
        })
    }

    fn refusal(&self) -> f64 {
        self.each(&self.refused, |request| {
            drop(black_box(self.policy.judge(request, Spent::default())).unwrap_err());
        })
    }

    fn explanation(&self) -> f64 {
        self.each(&self.request, |request| drop(black_box(self.policy.explain(request, Spent::default()))))
    }

    fn address(&self) -> f64 {
        let permit = self.policy.judge(self.request.clone(), Spent::default()).unwrap();
        let addresses: [IpAddr; 2] = ["93.184.216.34".parse().unwrap(), "2606:4700::1111".parse().unwrap()];
        median(|| {
            let began = Instant::now();
            (0..self.batch)
                .for_each(|_| drop(black_box(permit.vet(black_box(&addresses), &NoDoors)).unwrap()));
            began.elapsed().as_secs_f64() * 1e9 / self.batch as f64
        })
    }

    fn each(&self, request: &Request, act: impl Fn(Request)) -> f64 {
        median(|| {
            let requests = self.requests(request, self.batch);
            let began = Instant::now();
            requests.into_iter().for_each(&act);
            began.elapsed().as_secs_f64() * 1e9 / self.batch as f64
        })
    }

    fn requests(&self, request: &Request, count: usize) -> Vec<Request> {
        vec![request.clone(); count]
    }
}

fn median(mut measure: impl FnMut() -> f64) -> f64 {
    let mut values: Vec<f64> = (0..ROUNDS).map(|_| measure()).collect();
    values.sort_by(f64::total_cmp);
    values[ROUNDS / 2]
}

fn host(at: usize) -> String {
    if at == 0 { "https://api.example.com".to_owned() } else { format!("https://api-{at}.example.com") }
}

fn manifest(hosts: usize, scopes: Vec<Value>) -> Value {
    json!({
        "name": "billing", "version": "1.0.0", "title": "Billing", "category": "finance",
        "hosts": (0..hosts).map(host).collect::<Vec<_>>(), "scopes": scopes,
    })
}

/// What a connector of one vendor asks for.
fn usual() -> Case {
    let nouns = ["customers", "invoices", "invoiceitems", "refunds", "products", "prices"];
    let scopes = nouns.iter().flat_map(|noun| {
        let (all, one) = (format!("/v1/{noun}"), format!("/v1/{noun}/{{id}}"));
        let rule = |method: &str, path: &str| json!({ "method": method, "path": path });
        [
            json!({ "name": format!("{noun}:read"), "title": "Read", "rules": [rule("GET", &all), rule("GET", &one)] }),
            json!({ "name": format!("{noun}:write"), "title": "Write", "rules": [rule("POST", &all), rule("POST", &one)] }),
        ]
    });
    let request = |path: &str| Request {
        method: "POST".to_owned(),
        url: format!("{}{path}", host(0)),
        headers: vec![
            ("content-type".to_owned(), b"application/json".to_vec()),
            ("idempotency-key".to_owned(), b"lc_0123456789abcdef0123456789abcdef".to_vec()),
        ],
        body: vec![b' '; 1_000],
        timeout_ms: None,
    };
    let granted = ["customers:read", "customers:write", "invoices:read", "invoices:write"];
    Case::new(
        &manifest(1, scopes.collect()),
        &granted,
        request("/v1/invoices/in_1NffrFeUfNV2Hib?expand=lines"),
        request("/v1/refunds/re_1NffrFeUfNV2Hib"),
        2_000,
    )
}

/// As many hosts, scopes and rules as a manifest may have, templates that differ at their end, and the longest URL and
/// headers that pass.
fn largest() -> Case {
    let stem = "/segment".repeat(40);
    let scope = |scope: usize| {
        let rules =
            (0..8).map(|rule| json!({ "method": "GET", "path": format!("{stem}/{{id}}/s{scope}-r{rule}") }));
        json!({ "name": format!("s{scope}"), "title": "Scope", "rules": rules.collect::<Vec<_>>() })
    };
    let request = |last: &str| {
        let path = format!("{stem}/{}/{last}", "a".repeat(3_000));
        Request {
            method: "GET".to_owned(),
            url: format!("{}{path}?q={}", host(0), "b".repeat(4_500)),
            headers: (0..64).map(|at| (format!("x-header-{at}"), vec![b'a'; 480])).collect(),
            body: Vec::new(),
            timeout_ms: None,
        }
    };
    let manifest = manifest(64, (0..128).map(scope).collect());
    Case::new(&manifest, &["s127"], request("s127-r7"), request("s126-r7"), 20)
}
