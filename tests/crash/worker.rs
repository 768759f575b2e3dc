//! One life of the host: it goes on with what it finds, says what it was told is durable, and does not end by itself.

mod crm;
pub mod ferry;
mod order;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lockgate::domain::dead_letter::DeadLetterState;
use lockgate::domain::egress::Ceiling;
use lockgate::domain::run::{Run, RunStatus};
use lockgate::domain::{FlowName, Secret};
use lockgate::{
    AuthChoice, Builder, CommitKind as Kind, CommitPoint as Point, Compiler, Host, NewProfile, Observer,
    PipelineOptions, RunsOf, Tenant,
};
pub use order::Order;
use serde_json::Value;

use crate::artefacts::Shared;
use crate::plan::Chain;

pub const TENANT: &str = "acme";

/// The flow that is run again and again.
pub fn flow_of(chain: Chain) -> FlowName {
    match chain {
        Chain::Ferry => ferry::FLOW.parse().unwrap(),
        Chain::Crm => crm::FLOW.parse().unwrap(),
    }
}

pub use crm::CONSENTING;

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
    let order = Order::read(words);
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    tokio.block_on(Box::pin(live(order)));
}

/// A host as every life has it.
pub fn builder(order: &Order) -> Builder {
    let private = order.remotes.iter().map(|url| url.parse().unwrap()).collect();
    Host::builder()
        .data_dir(&order.data)
        .engine(order.engine.parse().unwrap())
        .compiler(Compiler::ThisProgram)
        .artefacts(Arc::new(Shared(order.artefacts.clone())))
        .ceiling(Ceiling { private, ..Ceiling::default() })
        .pipeline(PipelineOptions { tick_ms: 50, replays_max: 100_000, ..PipelineOptions::default() })
}

async fn live(order: Order) {
    let mut builder = builder(&order).public_url("http://127.0.0.1:9".parse().unwrap());
    if let [point, kind, nth] = order.until.split('/').collect::<Vec<_>>()[..] {
        builder = builder.observer(Arc::new(Stop {
            point: point.parse().unwrap(),
            kind: kind.parse().unwrap(),
            left: AtomicU64::new(nth.parse().unwrap()),
        }));
    }
    let host = builder.build().await.unwrap();
    let tenant = host.tenant(TENANT).unwrap();
    match order.chain {
        Chain::Ferry => ferry::set_up(&tenant, &order).await,
        Chain::Crm => crm::set_up(&host, &tenant, &order).await,
    }
    say("ready");
    let flow = flow_of(order.chain);
    if order.until == "drain" {
        drain(&tenant, &flow).await;
        if order.chain == Chain::Crm {
            crm::renew(&tenant).await.unwrap();
        }
        host.shutdown().await;
        say("drained");
        return;
    }
    let (own, of) = (host.clone(), tenant.clone());
    let other = tokio::spawn(Box::pin(async move {
        match order.chain {
            Chain::Ferry => ferry::decide(own, of, order).await,
            Chain::Crm => crm::decide(of).await,
        }
    }));
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

pub async fn finished(tenant: &Tenant, run: Run) -> Run {
    loop {
        let run = tenant.run(&run.id).unwrap();
        if run.status.is_final() {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// A profile with a credential and a grant, each step by itself: an earlier life may have ended between any two.
async fn profile(
    tenant: &Tenant,
    new: (&str, &str, Value),
    auth: AuthChoice,
    (secret, origin): (&str, &str),
    scopes: &[&str],
) {
    let (name, connector, config) = new;
    let name: lockgate::domain::ProfileName = name.parse().unwrap();
    if tenant.profile(&name).is_err() {
        let new = NewProfile {
            name: name.clone(),
            connector: connector.parse().unwrap(),
            version: None,
            config,
            auth: Some(auth),
            rate: Some(lockgate::Rate { per_second: 100_000, burst: 100_000 }),
            egress_address: None,
        };
        tenant.create_profile(new).await.unwrap();
    }
    if tenant.profile(&name).unwrap().grant.scopes.is_empty() {
        tenant.set_credential(&name, Secret::new(secret)).await.unwrap();
        let scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        tenant.grant(&name, &[origin.parse().unwrap()].into(), &scopes).await.unwrap();
    }
}

async fn upload(tenant: &Tenant, name: &str, component: &[u8]) {
    if tenant.connector(&name.parse().unwrap(), None).is_err() {
        tenant.upload(component.to_vec()).await.unwrap();
        say(&format!("ack connector {TENANT} {name}"));
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

/// Runs until nothing is left: the vendor refuses nothing any more. A run that an earlier life has begun may have read
/// its last page before the newest records were there, so one that begins now has to find nothing more to do.
async fn drain(tenant: &Tenant, flow: &FlowName) {
    let mut earlier = tenant.runs(RunsOf::default(), 100).unwrap().items;
    earlier.retain(|run| !run.status.is_final());
    loop {
        let Ok(run) = tenant.run_flow(flow).await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let run = finished(tenant, run).await;
        let all_read = run.status == RunStatus::Succeeded && earlier.iter().all(|before| before.id != run.id);
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
        if all_read && open.is_empty() && at_rest(tenant).await {
            return;
        }
    }
}
