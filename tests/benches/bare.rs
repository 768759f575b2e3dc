//! A call with a fresh instance and no I/O: the host against bare wasmtime, same component, same engine settings.

use std::sync::Arc;
use std::time::Instant;

use domain::call::{Input, Limits};
use domain::egress::Policy;
use domain::{CorrelationId, Later};
use lockgate::{OsRandomness, RuntimeOptions, SystemClock};
use runtime::{CallFor, Runtime, Upload};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::{microseconds, row};

mod bindings {
    //! The world, as a program without Lockgate would bind it.
    wasmtime::component::bindgen!({
        path: "../wit/v0",
        world: "lockgate:connector/connector-component",
        exports: { default: async },
    });
}

use bindings::lockgate::connector::types::Input as BareInput;

const ROUNDS: usize = 15;
const CALLS: u32 = 400;
const BODY: &str = r#"{"hello":"world"}"#;

pub async fn compare() {
    let bare = Bare::new();
    let (linked, call_for) = linked().await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            let inputs = [Input { key: "k".to_owned(), body: BODY.to_owned() }];
            let report = linked.run(&call_for, "echo", &inputs).await;
            assert_eq!(report.outcome.expect("it returns").len(), 1);
        }
        ours.push(microseconds(began.elapsed(), CALLS));
        let began = Instant::now();
        for _ in 0..CALLS {
            bare.call().await;
        }
        theirs.push(microseconds(began.elapsed(), CALLS));
    }
    row("fresh-instance call, no I/O", "bare wasmtime", |us| format!("{us:.1} us"), ours, theirs);
}

/// The probing guest in a runtime of its own, with nothing granted.
async fn linked() -> (runtime::Linked, CallFor) {
    let egress = egress::Egress::new(
        egress::EgressOptions::default(),
        Arc::new(egress::SystemResolver::default()),
        Arc::new(SystemClock),
    );
    let runtime = Runtime::new(
        RuntimeOptions::default(),
        egress.expect("the door opens"),
        Arc::new(NoCredentials),
        Arc::new(NoArtefacts),
        Arc::new(SystemClock),
        Arc::new(OsRandomness),
    )
    .expect("the runtime starts");
    let upload = Upload::new(lockgate_tests::guests::PROBER.to_vec(), 16 << 20).expect("plausible");
    let admitted = runtime.admit(upload).await.expect("admitted");
    let linked = admitted.linked().clone();
    let call_for = CallFor {
        trace_state: None,
        tenant: "acme".parse().expect("a tenant"),
        profile: None,
        policy: Arc::new(Policy::none()),
        config: "{}".into(),
        scopes: Arc::new([]),
        correlation: CorrelationId::make(&OsRandomness),
        limits: Limits::default(),
        key_place: None,
        tape: runtime::Taping::Off,
    };
    (linked, call_for)
}

struct NoArtefacts;

impl domain::Artefacts for NoArtefacts {
    fn load(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _: &str, _: &[u8]) {}
}

/// A call without a profile never asks for one.
struct NoCredentials;

type Refused<T> = Result<T, domain::injected::CredentialError>;

impl domain::Credentials for NoCredentials {
    fn credential<'a>(
        &'a self,
        _: &'a domain::ProfileKey,
        _: domain::egress::Outgoing<'a>,
    ) -> Later<'a, Refused<Option<domain::egress::Credential>>> {
        Box::pin(async { Ok(None) })
    }

    fn holds<'a>(&'a self, _: &'a domain::ProfileKey, _: &'a domain::SecretName) -> Later<'a, Refused<bool>> {
        Box::pin(async { Ok(false) })
    }

    fn hmac<'a>(
        &'a self,
        _: &'a domain::ProfileKey,
        name: &'a domain::SecretName,
        _: domain::injected::HmacAlgorithm,
        _: &'a [u8],
    ) -> Later<'a, Refused<Vec<u8>>> {
        Box::pin(async { Err(domain::injected::CredentialError::Missing(name.clone())) })
    }

    fn fingerprint<'a>(
        &'a self,
        _: &'a domain::ProfileKey,
        name: &'a domain::SecretName,
    ) -> Later<'a, Refused<String>> {
        Box::pin(async { Err(domain::injected::CredentialError::Missing(name.clone())) })
    }
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

struct Bare {
    engine: Engine,
    pre: bindings::ConnectorComponentPre<State>,
}

impl Bare {
    fn new() -> Self {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .concurrency_support(false)
            .cranelift_nan_canonicalization(true)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(PoolingAllocationConfig::new()));
        let engine = Engine::new(&config).expect("an engine");
        let component = Component::new(&engine, lockgate_tests::guests::PROBER).expect("compiles");
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("linked");
        linker.define_unknown_imports_as_traps(&component).expect("linked");
        let pre = linker.instantiate_pre(&component).expect("linked");
        Self { engine, pre: bindings::ConnectorComponentPre::new(pre).expect("a connector") }
    }

    async fn call(&self) {
        let state = State { wasi: WasiCtxBuilder::new().build(), table: ResourceTable::new() };
        let mut store = Store::new(&self.engine, state);
        store.set_epoch_deadline(1_000_000);
        let instance = self.pre.instantiate_async(&mut store).await.expect("instantiated");
        let inputs = [BareInput { key: "k".to_owned(), body: BODY.to_owned() }];
        let results = instance
            .lockgate_connector_connector()
            .call_run(&mut store, "echo", &inputs)
            .await
            .expect("it returns");
        assert_eq!(results.len(), 1);
    }
}
