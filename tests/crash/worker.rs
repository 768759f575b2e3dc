//! One life of the host: it goes on with what it finds, says what it was told is durable, and does not end by itself.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lockgate::domain::Secret;
use lockgate::domain::dead_letter::DeadLetterState;
use lockgate::domain::egress::Ceiling;
use lockgate::domain::flow::{Destination, Mapping, Source};
use lockgate::domain::hook::HookLimits;
use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::run::Run;
use lockgate::{
    AuthChoice, CommitKind as Kind, CommitPoint as Point, Compiler, HookAnswer, Host, NewFlow, NewHook,
    NewProfile, Observer, PipelineOptions, RunsOf, Tenant,
};
use lockgate_tests::guests;
use serde_json::json;

use crate::artefacts::Shared;

/// What the worker is told: `DATA ENGINE DEPOT ARTEFACTS CREDENTIAL EXTRA drain|live|POINT/KIND/NTH`.
pub struct Order {
    pub data: PathBuf,
    pub engine: String,
    pub depot: String,
    pub artefacts: PathBuf,
    /// The number of the next credential.
    pub credential: u64,
    /// A tenant that is made, with an upload of its own; 0 for none.
    pub extra: u64,
    pub until: String,
}

pub const TENANT: &str = "acme";
pub const FLOW: &str = "ferry";
/// What comes by itself, with numbers that no page has.
pub const ARRIVALS: &str = "arrivals";
pub const ARRIVALS_FROM: u64 = 1_000_000;
pub const PROFILES: [&str; 2] = ["from", "to"];

/// One line for the parent, at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that has gone needs no words; it kills this process or has been killed.
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(3);
    }
}

/// Stops the host's writer at the place that was asked for, for ever.
struct Stop {
    point: Point,
    kind: Kind,
    left: AtomicU64,
}

impl Observer for Stop {
    fn reached(&self, point: Point, kinds: &[Kind]) {
        if point == self.point && kinds.contains(&self.kind) && self.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            say("at");
            loop {
                std::thread::park();
            }
        }
    }
}

pub fn run(words: &[String]) {
    let [data, engine, depot, artefacts, credential, extra, until] = words else { panic!("{words:?}") };
    let order = Order {
        data: data.into(),
        engine: engine.clone(),
        depot: depot.clone(),
        artefacts: artefacts.into(),
        credential: credential.parse().unwrap(),
        extra: extra.parse().unwrap(),
        until: until.clone(),
    };
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    tokio.block_on(Box::pin(live(order)));
}

async fn live(order: Order) {
    let mut builder = Host::builder()
        .data_dir(&order.data)
        .engine(order.engine.parse().unwrap())
        .compiler(Compiler::ThisProgram)
        .artefacts(Arc::new(Shared(order.artefacts.clone())))
        .ceiling(Ceiling { private: [order.depot.parse().unwrap()].into(), ..Ceiling::default() })
        .pipeline(PipelineOptions { tick_ms: 50, replays_max: 100_000, ..PipelineOptions::default() });
    if let [point, kind, nth] = order.until.split('/').collect::<Vec<_>>()[..] {
        builder = builder.observer(Arc::new(Stop {
            point: point.parse().unwrap(),
            kind: kind.parse().unwrap(),
            left: AtomicU64::new(nth.parse().unwrap()),
        }));
    }
    let host = builder.build().await.unwrap();
    let tenant = host.tenant(TENANT).unwrap();
    set_up(&tenant, &order).await;
    say("ready");
    if order.until == "drain" {
        drain(&tenant).await;
        host.shutdown().await;
        say("drained");
        return;
    }
    let other = tokio::spawn(Box::pin(decide(host.clone(), tenant.clone(), order)));
    let flow = FLOW.parse().unwrap();
    loop {
        match tenant.run_flow(&flow).await {
            Ok(run) => {
                say(&format!("ack run {}", run.id));
                finished(&tenant, run).await;
            }
            // An earlier life's run is still open.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
        assert!(!other.is_finished(), "the other half has ended");
    }
}

async fn finished(tenant: &Tenant, run: Run) -> Run {
    loop {
        let run = tenant.run(&run.id).unwrap();
        if run.status.is_final() {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// Whatever an earlier life has not come to.
async fn set_up(tenant: &Tenant, order: &Order) {
    if tenant.connector(&"ferry".parse().unwrap(), None).is_err() {
        tenant.upload(guests::FERRY.to_vec()).await.unwrap();
        say("ack connector acme ferry");
    }
    for name in PROFILES {
        let name = name.parse().unwrap();
        if tenant.profile(&name).is_err() {
            let new = NewProfile {
                name: name.clone(),
                connector: "ferry".parse().unwrap(),
                version: None,
                config: json!({ "api_base": order.depot }),
                auth: Some(AuthChoice { kind: "bearer".to_owned(), user: None }),
                rate: Some(lockgate::Rate { per_second: 100_000, burst: 100_000 }),
                egress_address: None,
            };
            tenant.create_profile(new).await.unwrap();
        }
        if tenant.profile(&name).unwrap().grant.scopes.is_empty() {
            credential(tenant, order.credential).await;
            let hosts = BTreeSet::from([order.depot.parse().unwrap()]);
            let scopes = BTreeSet::from(["things:read", "things:write"].map(|scope| scope.parse().unwrap()));
            tenant.grant(&name, &hosts, &scopes).await.unwrap();
        }
    }
    for (name, trigger) in [(FLOW, "things"), (ARRIVALS, ARRIVALS)] {
        if tenant.flow(&name.parse().unwrap()).is_ok() {
            continue;
        }
        let retry = RetryPolicy { base_ms: 2, cap_ms: 20, ..RetryPolicy::default() };
        let mut delivery = lockgate::domain::flow::DeliveryPolicy::default();
        (delivery.batch, delivery.retry) = (10, retry);
        let new = NewFlow {
            name: name.parse().unwrap(),
            source: Source { profile: "from".parse().unwrap(), trigger: trigger.to_owned() },
            mapping: Some(Mapping { jq: "{ n: .n, label: .label }".to_owned() }),
            destination: Destination { profile: "to".parse().unwrap(), action: "put".to_owned() },
            schedule: None,
            delivery,
        };
        tenant.create_flow(new).await.unwrap();
        say(&format!("ack flow {name}"));
    }
    if tenant.hooks(None, 10).unwrap().items.is_empty() {
        let (profile, trigger) = ("from".parse().unwrap(), ARRIVALS.to_owned());
        let new = NewHook { profile, trigger, limits: HookLimits::default(), secret: None };
        tenant.create_hook(new).await.unwrap();
    }
}

/// The same number for both profiles that exist; acknowledged once both have it.
async fn credential(tenant: &Tenant, number: u64) {
    for name in PROFILES {
        let name = name.parse().unwrap();
        if tenant.profile(&name).is_ok() {
            let secret = Secret::new(format!("depot-credential-{number}"));
            tenant.set_credential(&name, secret).await.unwrap();
        }
    }
    say(&format!("ack credential {number}"));
}

/// What people do meanwhile: they rotate credentials, send dead letters on their way again, and upload.
async fn decide(host: Host, tenant: Tenant, order: Order) {
    if order.extra > 0 {
        let name = format!("extra-{}", order.extra);
        host.tenant(&name).unwrap().upload(guests::PROBER.to_vec()).await.unwrap();
        say(&format!("ack connector {name} prober"));
    }
    for number in order.credential.. {
        tokio::time::sleep(Duration::from_millis(15)).await;
        credential(&tenant, number).await;
        arrive(&tenant, ARRIVALS_FROM + number).await;
        replay_one(&tenant).await;
    }
}

/// An event from outside, signed as its sender would. It is acknowledged once it is durable.
async fn arrive(tenant: &Tenant, number: u64) {
    let Some(hook) = tenant.hooks(None, 1).unwrap().items.into_iter().next() else { return };
    let body = json!({ "n": number, "label": "arrived" }).to_string().into_bytes();
    let answer = tenant.test_hook(&hook.id, Some(body)).await;
    if matches!(answer, Ok(HookAnswer::Taken | HookAnswer::Again)) {
        say(&format!("ack event {number}"));
    }
}

async fn replay_one(tenant: &Tenant) {
    let parked = |state: &DeadLetterState| *state == DeadLetterState::Parked;
    let letters = tenant.dead_letters(None, None, 500).unwrap().items;
    if let Some(letter) = letters.into_iter().find(|letter| parked(&letter.state))
        && let Ok(run) = tenant.replay(&letter.id).await
    {
        say(&format!("ack run {}", run.id));
    }
}

/// Whether no run is open, and none begins within a while.
async fn at_rest(tenant: &Tenant) -> bool {
    for _ in 0..40 {
        let runs = tenant.runs(RunsOf::default(), 100).unwrap().items;
        if runs.iter().any(|run| !run.status.is_final()) {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    true
}

/// Runs until nothing is left: the vendor refuses nothing any more.
async fn drain(tenant: &Tenant) {
    let flow = FLOW.parse().unwrap();
    loop {
        let Ok(run) = tenant.run_flow(&flow).await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        finished(tenant, run).await;
        let letters = tenant.dead_letters(None, None, 500).unwrap().items;
        let open: Vec<_> = letters
            .into_iter()
            .filter(|letter| !matches!(letter.state, DeadLetterState::Resolved { .. }))
            .collect();
        for letter in &open {
            if let Ok(run) = tenant.replay(&letter.id).await {
                finished(tenant, run).await;
            }
        }
        if open.is_empty() && at_rest(tenant).await {
            return;
        }
    }
}
