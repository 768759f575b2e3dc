//! The second stage: from an upload to a component that is known, compiled and described.

use std::sync::Arc;

use domain::call::{Fault, Limits};
use domain::{Digest, TenantId};
use tokio::time::Instant;
use wit::Manifest;

use crate::compile::Uncompiled;
use crate::linked::Linked;
use crate::refused::Refused;
use crate::runtime::Runtime;
use crate::upload::Upload;
use crate::{census, imports, validate};

/// What `describe` may use: enough for any manifest.
const DESCRIBE_LIMITS: Limits = Limits {
    wall_ms: 5_000,
    cpu_ms: 1_000,
    memory_bytes: 64 << 20,
    table_elements: 10_000,
    handles: 100,
    host_call_bytes: 1 << 20,
    requests: 0,
    response_bytes: 0,
    request_bytes: 0,
    sent_bytes: 0,
    received_bytes: 0,
    log_lines: 32,
    log_bytes: 8 << 10,
    output_bytes: 1 << 20,
};

/// Which of the two worlds a component implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Connector,
    Transform,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Transform => "transform",
        }
    }
}

/// A component that passed every check. Only `Runtime::admit` makes one.
#[derive(Clone, Debug)]
pub struct Admitted {
    pub digest: Digest,
    pub bytes: Arc<[u8]>,
    pub kind: Kind,
    /// What a connector says of itself; a transform says nothing.
    pub manifest: Option<Manifest>,
    /// The interfaces that it imports, by name, sorted.
    pub imports: Vec<String>,
    /// And those that it exports.
    pub exports: Vec<String>,
    pub report: AdmissionReport,
    linked: Linked,
}

impl Admitted {
    /// Ready to be called without another compilation.
    pub fn linked(&self) -> &Linked {
        &self.linked
    }
}

/// What the checks saw and how long they took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionReport {
    pub size_bytes: usize,
    pub core_modules: usize,
    pub functions: usize,
    /// Counting and validating.
    pub examine_us: u64,
    /// Compiling, or loading what was compiled before.
    pub compile_us: u64,
    /// Instantiating and calling `describe`.
    pub describe_us: u64,
    /// Whether the artefact was there already.
    pub cached: bool,
}

impl Runtime {
    /// Runs every check on an upload, cheapest first: census, validation, imports, compilation, `describe`, manifest.
    /// This one is for the host itself, and always gets its turn to compile.
    pub async fn admit(&self, upload: Upload) -> Result<Admitted, Refused> {
        self.admit_for(None, upload).await
    }

    /// The same for a tenant, who gets a turn to compile only when too many others do not wait already.
    pub async fn admit_for(&self, tenant: Option<&TenantId>, upload: Upload) -> Result<Admitted, Refused> {
        let (digest, bytes) = upload.into_parts();
        let bytes: Arc<[u8]> = Arc::from(bytes);

        let began = Instant::now();
        let (census, kind) = self.examine(Arc::clone(&bytes)).await?;
        let examine_us = elapsed_us(began);

        let began = Instant::now();
        let cached = self.load_artefact(&digest).await;
        let was_cached = cached.is_some();
        let component = match cached {
            Some(component) => component,
            None => self.compile(tenant, &digest, Arc::clone(&bytes)).await?,
        };
        let compile_us = elapsed_us(began);
        let linked = self
            .linked(digest.clone(), kind, &component)
            .map_err(|message| Refused::WrongType { message })?;

        let began = Instant::now();
        let manifest = match kind {
            Kind::Connector => Some(describe(&linked).await?),
            Kind::Transform => {
                linked.instantiate(DESCRIBE_LIMITS).await.outcome.map_err(described_not)?;
                None
            }
        };
        let describe_us = elapsed_us(began);
        self.keep_ready(&linked);

        let report = AdmissionReport {
            size_bytes: bytes.len(),
            core_modules: census.modules,
            functions: census.functions,
            examine_us,
            compile_us,
            describe_us,
            cached: was_cached,
        };
        let mut imports = census.imports;
        imports.sort_unstable();
        let mut exports = census.exports;
        exports.sort_unstable();
        Ok(Admitted { digest, bytes, kind, manifest, imports, exports, report, linked })
    }

    /// Census, imports and validation read every byte, so they run where a worker can spare the time.
    async fn examine(&self, bytes: Arc<[u8]>) -> Result<(census::Census, Kind), Refused> {
        let memory_max_bytes = self.inner.options.memory_max_bytes;
        let examined = tokio::task::spawn_blocking(move || {
            let census = census::take(&bytes, memory_max_bytes)?;
            validate::validate(&bytes)?;
            let kind = imports::kind(&census)?;
            Ok((census, kind))
        });
        examined
            .await
            .unwrap_or_else(|_| Err(Refused::Host { message: "the examination stopped".to_owned() }))
    }
}

impl From<Uncompiled> for Refused {
    fn from(error: Uncompiled) -> Self {
        match error {
            Uncompiled::Failed(message) => Self::CompileFailed { message },
            Uncompiled::Limit(limit) => Self::CompileLimit { limit },
            Uncompiled::Busy => Self::Busy,
            Uncompiled::Host(message) => Self::Host { message },
        }
    }
}

async fn describe(linked: &Linked) -> Result<Manifest, Refused> {
    let described = linked.describe(DESCRIBE_LIMITS).await.outcome.map_err(described_not)?;
    domain::manifest::parse(&described).map_err(|error| Refused::BadManifest { error })
}

fn described_not(failure: domain::call::CallFailure) -> Refused {
    if failure.fault == Fault::Host {
        return Refused::Host { message: failure.message };
    }
    Refused::DescribeFailed { failure }
}

fn elapsed_us(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}
