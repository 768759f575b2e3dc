//! A host on a folder, with its API, whose uploads are compiled in children under small limits; and somebody who asks
//! for its health all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lockgate::domain::token::Bearer;
use lockgate::{Compiler, Host, RuntimeOptions, Tenant};
use serde_json::{Value, json};
use tempfile::TempDir;
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentInstanceSection, Module, ModuleSection,
};

/// What a refusal before compilation may take, in a build that is not optimised, on a machine that does other things.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(1);
/// What a health route may take while others do their worst. On an idle machine it is far less.
const HEALTHY: Duration = Duration::from_millis(1_000);

pub(crate) struct Yard {
    pub(crate) host: Host,
    pub(crate) tenant: Tenant,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) client: reqwest::Client,
    pub(crate) folder: TempDir,
}

/// One answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) took: Duration,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    pub(crate) fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or("")
    }
}

/// Limits at which a bomb is over within seconds.
pub(crate) fn small() -> RuntimeOptions {
    RuntimeOptions {
        compile_ms: 20_000,
        compile_cpu_s: 3,
        compile_memory_bytes: 1 << 30,
        ..RuntimeOptions::default()
    }
}

pub(crate) fn worker() -> Compiler {
    Compiler::Program(env!("CARGO_BIN_EXE_compile_worker").into())
}

static WARM: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();

/// Compiles, without limits, what belongs to the host and what stands for an honest upload: the tests are about the
/// others, under limits that a busy machine may need for these alone.
async fn warm() {
    let host = Host::builder().artefacts(crate::harness::compiled()).build().await.unwrap();
    host.tenant("warm").unwrap().upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
}

impl Yard {
    pub(crate) async fn new() -> Self {
        Self::with(RuntimeOptions { compile_cpu_s: 30, ..small() }).await
    }

    pub(crate) async fn with(runtime: RuntimeOptions) -> Self {
        WARM.get_or_init(warm).await;
        let folder = tempfile::tempdir().unwrap();
        let builder = Host::builder().data_dir(folder.path()).runtime(runtime).compiler(worker());
        let host = builder.artefacts(crate::harness::compiled()).build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        let token = host.make_token(Bearer::Tenant { tenant: tenant.id().clone() }).await.unwrap().text;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = server::router(host.clone(), server::Options::default());
        tokio::spawn(server::serve(listener, router, std::future::pending()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { host, tenant, url, token, client, folder }
    }

    pub(crate) async fn upload(&self, bytes: impl Into<Vec<u8>>) -> Answer {
        self.upload_as(&self.token, bytes).await
    }

    pub(crate) async fn upload_as(&self, token: &str, bytes: impl Into<Vec<u8>>) -> Answer {
        let request = self.client.post(format!("{}/v1/connectors", self.url)).bearer_auth(token);
        answer(request.header("content-type", "application/wasm").body(bytes.into())).await
    }

    pub(crate) async fn upload_signed(&self, bytes: impl Into<Vec<u8>>, signature: Option<&str>) -> Answer {
        let mut request = self.client.post(format!("{}/v1/connectors", self.url)).bearer_auth(&self.token);
        if let Some(signature) = signature {
            request = request.header("x-lockgate-signature", signature);
        }
        answer(request.header("content-type", "application/wasm").body(bytes.into())).await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: Value) -> Answer {
        self.json_as(&self.token, method, path, body).await
    }

    pub(crate) async fn json_as(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.url));
        let request = request.bearer_auth(token).header("content-type", "application/json");
        answer(request.body(body.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token)).await
    }

    /// Files of the data folder that a finished upload should not have left behind.
    pub(crate) fn litter(&self) -> Vec<String> {
        ["components", "artefacts"]
            .iter()
            .flat_map(|part| std::fs::read_dir(self.folder.path().join(part)).unwrap())
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".tmp"))
            .collect()
    }

    /// The file names of the components that are kept.
    pub(crate) fn components(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("components")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    /// Nothing was left behind, and an honest connector is admitted.
    pub(crate) async fn goes_on(&self) {
        assert_eq!(self.litter(), Vec::<String>::new());
        let answer = self.upload(lockgate_tests::guests::PROBER).await;
        assert!(answer.status < 300, "an honest upload: {answer:?}");
    }

    /// Asks for the health route until the watch ends, which says how that went.
    pub(crate) fn watch(&self) -> Watch {
        let (url, client) = (format!("{}/healthz", self.url), self.client.clone());
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let task = tokio::spawn(async move {
            let (mut worst, mut count) = (Duration::ZERO, 0);
            while !ends.load(Ordering::Relaxed) {
                let began = Instant::now();
                let response = client.get(&url).send().await.expect("the host answers");
                assert_eq!(response.status(), 200);
                worst = worst.max(began.elapsed());
                count += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            (worst, count)
        });
        Watch { over, task }
    }
}

pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<(Duration, usize)>,
}

impl Watch {
    pub(crate) async fn was_healthy(self) {
        self.over.store(true, Ordering::Relaxed);
        let (worst, count) = self.task.await.unwrap();
        assert!(count > 0 && worst < HEALTHY, "asked {count} times, the slowest answer took {worst:?}");
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let began = Instant::now();
    let response = request.send().await.expect("the host answers");
    let status = response.status().as_u16();
    let text = response.text().await.expect("the answer is whole");
    let body = serde_json::from_str(&text).unwrap_or_else(|_| json!({ "text": text }));
    Answer { status, body, took: began.elapsed() }
}

/// A component with these core modules, that says it is a connector. Whatever is in the modules is compiled before the
/// host finds out that it is none.
pub(crate) fn connector(modules: &[Module]) -> Vec<u8> {
    let mut component = Component::new();
    for module in modules {
        component.section(&ModuleSection(module));
    }
    let mut instances = ComponentInstanceSection::new();
    instances.export_items([] as [(&str, ComponentExportKind, u32); 0]);
    component.section(&instances);
    let mut exports = ComponentExportSection::new();
    exports.export("lockgate:connector/connector@0.1.0", ComponentExportKind::Instance, 0, None);
    component.section(&exports);
    component.finish()
}
