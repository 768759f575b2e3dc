//! What is left after a guest has misbehaved: the host answered all the time, another tenant noticed nothing, and every
//! count is back where it was.
//!
//! The host under test serves its API on loopback from the same workers that run the guests: a guest that held one
//! would hold up the answers. They are asked for by a thread of the operating system with a socket of its own, so that
//! nothing that a guest does can slow the question down.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lockgate::domain::call::Limits;
use lockgate::domain::log::LogEvent;
use lockgate::domain::{ProfileName, Secret};
use lockgate::{Error, Gauges, Host, LogFilter, NewProfile, Quotas, Tenant};
use serde_json::{Value, json};

use super::{CANARY, Echo, call, profile, reaching};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(5);
/// Half of the answers are faster than this: what a load balancer expects of a host that is well.
const MEDIAN_MAX: Duration = Duration::from_millis(100);
/// None takes longer. The bound is wide because the tests share few cores with each other and with compilers, and the
/// kernel may leave the asking thread waiting for its turn; a guest that really held the workers would hold them for
/// its whole time, or for ever.
const WORST_MAX: Duration = Duration::from_secs(2);
/// What a process may keep after it has run guests with tens of mebibytes each: allocators keep some, memory of guests
/// they must not.
const RSS_MARGIN_BYTES: usize = 192 << 20;
/// How long counts may take to come back: a store is dropped a moment after its call was answered.
const PATIENCE: Duration = Duration::from_secs(10);

/// Small, so that a guest that never ends is ended soon.
pub fn limits() -> Limits {
    Limits {
        wall_ms: 1_500,
        cpu_ms: 300,
        memory_bytes: 16 << 20,
        table_elements: 4_000,
        handles: 200,
        host_call_bytes: 1 << 20,
        requests: 100,
        response_bytes: 1 << 20,
        request_bytes: 64 << 10,
        log_lines: 32,
        log_bytes: 16 << 10,
        output_bytes: 1 << 20,
        ..Limits::default()
    }
}

/// A served host with two tenants: one that behaves, and `mallory`.
pub struct Scene {
    pub host: Host,
    pub acme: Tenant,
    pub mallory: Tenant,
    pub echo: Echo,
    pub address: SocketAddr,
    rss_bytes: usize,
}

impl Scene {
    pub async fn new() -> Self {
        Self::within(limits()).await
    }

    pub async fn within(limits: Limits) -> Self {
        let echo = Echo::start().await;
        // What the runtime shares out is looked at, so the quota in front of it is wide.
        let quotas = Quotas { calls_at_once: 1_000, ..Quotas::default() };
        let builder = reaching(&[&echo.url]).limits(limits).quotas(quotas);
        Self::of(builder.build().await.expect("the host starts"), echo).await
    }

    /// A scene on a host that reaches `echo`.
    pub async fn of(host: Host, echo: Echo) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = server::router(host.clone(), server::Options::default());
        tokio::spawn(server::serve(listener, router, std::future::pending()));
        let (acme, mallory) =
            (host.tenant("acme").expect("a tenant"), host.tenant("mallory").expect("a tenant"));
        acme.upload(lockgate_tests::guests::PROBER.to_vec()).await.expect("the upload is admitted");
        profile(&acme, "probe", "prober", &echo.url, CANARY, &["things:read"]).await;
        let scene = Self { host, acme, mallory, echo, address, rss_bytes: 0 };
        scene.control().await;
        Self { rss_bytes: rss_bytes(), ..scene }
    }

    /// Uploads a connector of mallory's and makes a profile for it, ready to be called.
    pub async fn install(&self, component: Vec<u8>) -> ProfileName {
        install(&self.mallory, component).await
    }

    /// One call of mallory's, from its beginning until nothing is left of it.
    pub async fn call(&self, profile: &ProfileName) -> Result<Value, Error> {
        let tenant = self.mallory.clone();
        let of = profile.clone();
        let called = self.during(async move { tenant.call(&of, "act", vec![json!({})], None).await }).await;
        called.map(|called| match called.results.into_iter().next().expect("one result") {
            Ok(value) => value,
            Err(error) => json!({ "error": error.code() }),
        })
    }

    /// Does something hostile while the watch is kept, then looks around.
    pub async fn during<T: Send + 'static>(&self, hostile: impl Future<Output = T> + Send + 'static) -> T {
        let watch = Watch::keep(self.address);
        let mut hostile = tokio::spawn(hostile);
        let outcome = loop {
            tokio::select! {
                biased;
                outcome = &mut hostile => break outcome.expect("it does not panic"),
                () = self.control() => {}
            }
        };
        watch.end();
        self.look_around().await;
        outcome
    }

    /// Another tenant's call, as good as ever.
    pub async fn control(&self) {
        let called = call(&self.acme, "probe", "echo", json!({ "well": true })).await;
        assert_eq!(called.results[0].as_ref().expect("it answers")["well"], true);
    }

    /// Nothing is left, and the other tenant is well.
    pub async fn look_around(&self) {
        let began = Instant::now();
        loop {
            let now = self.host.gauges();
            let mut own = now;
            // The pool is shared with the other tests of the process.
            own.sandbox.pool = Default::default();
            // A good answer leaves its connection open for a few seconds.
            own.connections = 0;
            // That a remote was down is remembered for those who call it next.
            own.circuits_open = 0;
            if own == Gauges::default() {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "something is left: {now:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.control().await;
        let grown = rss_bytes().saturating_sub(self.rss_bytes);
        assert!(grown < RSS_MARGIN_BYTES, "the process has grown by {} MiB", grown >> 20);
    }

    /// The codes of the failures that the log has of a profile of mallory's.
    pub fn failures(&self, profile: &ProfileName) -> Vec<String> {
        let filter = LogFilter { profile: Some(profile), ..LogFilter::default() };
        let rows = self.mallory.logs(filter, 500).expect("the log can be read").items;
        let code = |event| match event {
            LogEvent::Failed { code, .. } => Some(code),
            _ => None,
        };
        rows.into_iter().filter_map(|row| code(row.event)).collect()
    }

    /// The outcomes that mallory's audit trail has for something that happened to this name, oldest first.
    pub fn audited(&self, verb: &str, name: &str) -> Vec<String> {
        let entries = self.mallory.audit().behind(0, 1_000).expect("the trail can be read");
        let told = entries.into_iter().filter(|entry| entry.verb == verb && entry.subject.name == name);
        told.map(|entry| entry.outcome).collect()
    }
}

/// Uploads a connector that asks for no host, with a profile of the same name and one secret.
pub async fn install(tenant: &Tenant, component: Vec<u8>) -> ProfileName {
    let uploaded = tenant.upload(component).await.expect("the upload is admitted");
    let connector = uploaded.connector.name;
    let name: ProfileName = connector.as_str().parse().expect("a name");
    let new = NewProfile {
        name: name.clone(),
        connector,
        version: None,
        config: json!({ "who": "mallory" }),
        auth: None,
        rate: None,
        egress_address: None,
    };
    tenant.create_profile(new).await.expect("the profile is made");
    let secret = "signing".parse().expect("a name");
    tenant.set_secret(&name, &secret, Secret::new(CANARY)).await.expect("the secret is set");
    name
}

/// Asks for the host's health again and again, from a thread that no guest can hold up.
struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Watch {
    fn keep(address: SocketAddr) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut took = Vec::new();
            while !seen.load(Ordering::Relaxed) {
                let began = Instant::now();
                ask(address);
                took.push(began.elapsed());
                std::thread::sleep(PAUSE);
            }
            took
        });
        Self { over, thread }
    }

    fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        let mut took = self.thread.join().expect("every answer was good");
        took.sort_unstable();
        let Some(worst) = took.last() else { return };
        let median = took[took.len() / 2];
        assert!(median < MEDIAN_MAX, "half of {} answers took longer than {median:?}", took.len());
        assert!(*worst < WORST_MAX, "the slowest of {} answers took {worst:?}", took.len());
    }
}

/// One question on a connection of its own.
fn ask(address: SocketAddr) {
    let mut stream = TcpStream::connect_timeout(&address, WORST_MAX).expect("the host accepts");
    stream.set_read_timeout(Some(WORST_MAX)).expect("a time-out");
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the host reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the host answers in time");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// What the process holds in memory, from the kernel's own count.
fn rss_bytes() -> usize {
    const PAGE_BYTES: usize = 4096;
    let counts = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = counts.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or_default() * PAGE_BYTES
}
