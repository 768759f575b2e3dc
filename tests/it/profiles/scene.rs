//! A host whose clock a test moves, one profile on it, and a remote that answers as it is told and counts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockgate::domain::event::Event;
use lockgate::domain::profile::Standing;
use lockgate::domain::{Clock, ProfileName, Timestamp};
use lockgate::{Builder, Host, Tenant, UpkeepOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{CANARY, profile, reaching};

/// Begins long after the first of all times, and stands until it is moved.
pub struct Hand(AtomicI64);

impl Hand {
    pub fn pass(&self, ms: u64) {
        self.0.fetch_add(i64::try_from(ms).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// A remote that answers every request with the same status.
pub struct Remote {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    status: AtomicU16,
    delay_ms: AtomicU64,
    arrived: Mutex<Vec<Arrived>>,
}

impl Remote {
    pub async fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            status: AtomicU16::new(status),
            delay_ms: AtomicU64::new(0),
            arrived: Mutex::default(),
        });
        let of_all = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, of_all.clone()));
            }
        });
        Self { url, shared }
    }

    pub fn says(&self, status: u16) {
        self.shared.status.store(status, Ordering::SeqCst);
    }

    /// From now on each answer takes so long.
    pub fn takes_ms(&self, ms: u64) {
        self.shared.delay_ms.store(ms, Ordering::SeqCst);
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.shared.arrived.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.shared.arrived.lock().unwrap().len()
    }
}

async fn answer(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
            let headers: BTreeMap<String, String> =
                fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
            let wanted = headers.get("content-length").map_or(0, |text| text.parse::<usize>().unwrap());
            if body.len() >= wanted {
                shared.arrived.lock().unwrap().push(Arrived { headers, body: body.to_owned() });
                tokio::time::sleep(Duration::from_millis(shared.delay_ms.load(Ordering::SeqCst))).await;
                let status = shared.status.load(Ordering::SeqCst);
                let answer =
                    format!("HTTP/1.1 {status} So\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
                let _ = stream.write_all(answer.as_bytes()).await;
                return;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

pub struct Scene {
    pub remote: Remote,
    pub clock: Arc<Hand>,
    pub host: Host,
    pub tenant: Tenant,
}

/// Looks often, so that a test waits for little; by its own clock, which the test moves.
pub fn builder(clock: &Arc<Hand>, urls: &[&str]) -> Builder {
    let upkeep = UpkeepOptions { tick_ms: 10, answer_ms: 2_000, ..UpkeepOptions::default() };
    reaching(urls).clock(clock.clone()).upkeep(upkeep)
}

pub fn clock() -> Arc<Hand> {
    Arc::new(Hand(AtomicI64::new(1_790_000_000_000)))
}

impl Scene {
    /// A profile `probe` of the probing guest, whose check asks the remote once.
    pub async fn new() -> Self {
        Self::reaching(&[]).await
    }

    pub async fn reaching(others: &[&str]) -> Self {
        let remote = Remote::start(200).await;
        let clock = clock();
        let urls: Vec<&str> = others.iter().copied().chain([remote.url.as_str()]).collect();
        let host = builder(&clock, &urls).build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        populate(&tenant, &remote).await;
        Self { remote, clock, host, tenant }
    }

    pub async fn in_folder(folder: &Path, clock: &Arc<Hand>, remote: Remote, others: &[&str]) -> Self {
        let urls: Vec<&str> = others.iter().copied().chain([remote.url.as_str()]).collect();
        let host = builder(clock, &urls).data_dir(folder).build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        Self { remote, clock: clock.clone(), host, tenant }
    }

    pub fn standing(&self) -> Standing {
        self.tenant.standing(&self.tenant.profile(&probe()).unwrap())
    }

    /// The events so far, oldest first.
    pub fn events(&self) -> Vec<Event> {
        let mut events = self.tenant.events(None, None, 500).unwrap().items;
        events.reverse();
        events
    }
}

pub async fn populate(tenant: &Tenant, remote: &Remote) {
    tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    profile(tenant, "probe", "prober", &remote.url, CANARY, &["things:read"]).await;
}

pub fn probe() -> ProfileName {
    "probe".parse().unwrap()
}

/// Waits until something is so.
pub async fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(found) = found() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain for {what}");
}
