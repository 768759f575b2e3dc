//! From a tenant's profile to a component that can be called for it: linked, with its policy and its settings.

use std::sync::Arc;

use domain::call::{GuestError, Inbound, Input, Limits};
use domain::canary::Tally;
use domain::cassette::Cassette;
use domain::connector::{Connector, ConnectorRef};
use domain::egress::{Ceiling, CredentialPlace, Policy, PolicyParts};
use domain::exchange::Exchange;
use domain::profile::Profile;
use domain::retry::KeyPlace;
use domain::trace::TraceState;
use domain::{Clock, CorrelationId, Digest, EventId, Later, ProfileKey, Randomness, TenantId, Timestamp};
use runtime::{CallFor, CallReport, Kind, Linked, Runtime, RuntimeError, Taping};
use store::Store;

use crate::canary::{self, Tried};
use crate::cassettes::Recorder;
use crate::circuits::Circuits;
use crate::drift::{self, Declaration, Met};
use crate::observe;
use crate::ready::{NotReady, Ready, connector};
use crate::sandbox::{Called, End, Mapped, Polled, Ran, Received, Sandbox};

/// A mapping of a batch takes milliseconds; one that takes seconds does not end.
const MAPPING_CPU_MS: u64 = 2_000;

/// Makes profiles ready to be called. Cheap to clone.
#[derive(Clone)]
pub struct Connectors {
    store: Store,
    runtime: Runtime,
    ceiling: Arc<Ceiling>,
    limits: Limits,
    circuits: Circuits,
    recorder: Recorder,
}

/// A profile that can be called as it is now. A changed profile is prepared again.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub linked: Linked,
    pub connector: Connector,
    profile: ProfileKey,
    policy: Arc<Policy>,
    config: Arc<str>,
    scopes: Arc<[String]>,
    limits: Limits,
    trace_state: Option<TraceState>,
    store: Store,
    recorder: Recorder,
    /// Whether calls that begin now leave a cassette.
    taped: bool,
}

/// The component that runs mappings: it computes and reaches nothing.
#[derive(Clone, Debug)]
pub struct Transform {
    /// For the log.
    pub name: ConnectorRef,
    pub linked: Linked,
}

impl Connectors {
    pub fn new(store: Store, runtime: Runtime, ceiling: Arc<Ceiling>, limits: Limits) -> Self {
        Self { store, runtime, ceiling, limits, circuits: Circuits::default(), recorder: Recorder::Off }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The same, where cassettes of calls are kept whose owners consent to it.
    #[must_use]
    pub fn recording(self, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { recorder: Recorder::Consented { clock, randomness }, ..self }
    }

    /// The same, where every call leaves a cassette to whoever made it, and none is kept.
    #[must_use]
    pub fn recording_everything(self) -> Self {
        Self { recorder: Recorder::Everything, ..self }
    }

    /// The same without circuits: every call passes, whatever became of the last ones.
    #[must_use]
    pub fn without_circuits(self) -> Self {
        Self { circuits: Circuits::off(), ..self }
    }

    /// What all calls of a profile share, those of flows and those by hand.
    pub fn circuits(&self) -> &Circuits {
        &self.circuits
    }

    /// The bounds of one call.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The profile's connector with the policy that holds for it now: what the manifest requests and the profile was
    /// granted, within the ceiling.
    pub async fn prepare(&self, tenant: &TenantId, profile: &Profile) -> Result<Prepared, NotReady> {
        let connector = connector(&self.store, tenant, profile)?;
        self.linked(tenant, profile, connector).await
    }

    async fn linked(
        &self,
        tenant: &TenantId,
        profile: &Profile,
        connector: Connector,
    ) -> Result<Prepared, NotReady> {
        let policy = self.policy(profile, &connector)?;
        let linked = self.link(&profile.connector, &connector.digest).await?;
        let of = ProfileKey { tenant: tenant.clone(), profile: profile.name.clone() };
        Ok(Prepared {
            linked,
            connector,
            taped: self.recorder.wants(&self.store, &of),
            recorder: self.recorder.clone(),
            profile: of,
            config: profile.config.to_string().into(),
            scopes: policy.scopes().map(ToString::to_string).collect(),
            policy: Arc::new(policy),
            limits: self.limits,
            trace_state: None,
            store: self.store.clone(),
        })
    }

    /// Why the profile cannot be called now, if so.
    pub fn unready(&self, tenant: &TenantId, profile: &Profile) -> Option<NotReady> {
        connector(&self.store, tenant, profile).err()
    }

    /// Counts what was tried with the profile's version, while it tries another one beside the one in use.
    pub async fn note_tries(
        &self,
        tenant: &TenantId,
        profile: &Profile,
        tally: Tally,
        at: Timestamp,
        event_id: impl Fn() -> EventId,
    ) {
        let tried = Tried { tenant, profile, tally, at };
        if let Err(error) = canary::count(&self.store, tried, event_id).await {
            tracing::warn!(%tenant, profile = %profile.name, %error, "how a canary fares could not be kept");
        }
    }

    /// The policy that holds for the profile now, whether or not it could be called.
    pub fn policy(&self, profile: &Profile, connector: &Connector) -> Result<Policy, NotReady> {
        let places = profile.auth.as_ref().map(|auth| CredentialPlace::of(&auth.scheme)).unwrap_or_default();
        let policy = Policy::new(PolicyParts {
            profile: &profile.name,
            manifest: &connector.manifest,
            config: &profile.config,
            grant: &profile.grant,
            ceiling: &self.ceiling,
            limits: self.limits,
            credential: &places,
            rate: profile.rate.or(connector.manifest.rate),
        });
        policy
            .map(|policy| policy.leaving_from(profile.egress_address).traced(profile.tracing))
            .map_err(|error| NotReady::BadConfig { profile: profile.name.clone(), reason: error.to_string() })
    }

    /// A version of a connector, ready to be called for nobody. One that is not compiled is compiled, as for a call.
    pub async fn version(&self, connector: &Connector) -> Result<Linked, NotReady> {
        let Connector { name, version, .. } = connector;
        let name = ConnectorRef { name: name.clone(), version: version.clone() };
        self.link(&name, &connector.digest).await
    }

    async fn link(&self, name: &ConnectorRef, digest: &Digest) -> Result<Linked, NotReady> {
        let (store, of) = (self.store.clone(), digest.clone());
        let bytes = async move {
            // Reads a file.
            let read = tokio::task::spawn_blocking(move || store.component(&of).ok());
            read.await.ok().flatten()
        };
        self.runtime.link(digest, Kind::Connector, bytes).await.map_err(|error| match error {
            RuntimeError::BytesMissing(_) | RuntimeError::BytesChanged(_) => {
                NotReady::NoComponent(name.clone())
            }
            other => NotReady::NotLinked { connector: name.clone(), reason: other.to_string() },
        })
    }
}

impl Prepared {
    /// The same, for calls that belong to a caller's trace.
    #[must_use]
    pub fn within(self, trace_state: Option<TraceState>) -> Self {
        Self { trace_state, ..self }
    }

    /// Whom a call is for, under this correlation.
    pub fn call_for(&self, correlation: &CorrelationId) -> CallFor {
        CallFor {
            tenant: self.profile.tenant.clone(),
            profile: Some(self.profile.clone()),
            policy: Arc::clone(&self.policy),
            config: Arc::clone(&self.config),
            scopes: Arc::clone(&self.scopes),
            correlation: correlation.clone(),
            trace_state: self.trace_state.clone(),
            limits: self.limits,
            key_place: None,
            tape: self.taping(),
        }
    }

    fn taping(&self) -> Taping {
        let Connector { name, version, .. } = &self.connector;
        match self.taped {
            true => Taping::Record(ConnectorRef { name: name.clone(), version: version.clone() }),
            false => Taping::Off,
        }
    }

    /// Keeps what was recorded of a call, if its owner still consents.
    pub async fn keep(&self, cassette: Option<&Cassette>, correlation: &CorrelationId) {
        if let Some(cassette) = cassette {
            self.recorder.keep(&self.store, &self.profile, correlation, cassette).await;
        }
    }

    /// Takes down how the outputs of an action differ from what its connector declares.
    pub async fn note_outputs(&self, action: &str, outputs: impl Iterator<Item = &String>, now: Timestamp) {
        let declaration = Declaration::of_outputs(&self.connector, action);
        let mut met = Met::default();
        outputs.for_each(|output| declaration.look_at(output, None, &mut met));
        let ProfileKey { tenant, profile } = &self.profile;
        if let Err(error) = drift::note(&self.store, tenant, profile, &declaration, &mut met, now).await {
            tracing::warn!(%tenant, %profile, %error, "drift could not be kept");
        }
    }

    /// The same, for an action: its requests are looked at for the key that it declares.
    pub fn call_for_action(&self, correlation: &CorrelationId, action: &str) -> CallFor {
        let declared = self.connector.manifest.actions.iter().find(|declared| declared.name == action);
        let idempotency = declared.and_then(|declared| declared.idempotency.as_ref());
        CallFor { key_place: idempotency.and_then(KeyPlace::of), ..self.call_for(correlation) }
    }

    /// Takes down what a call tried, while the profile is being observed.
    pub async fn note(&self, exchanges: &[Exchange]) {
        observe::note(&self.store, &self.profile, &self.policy, exchanges).await;
    }
}

impl Transform {
    /// Runs a program on each record, with nothing to reach and less time than a connector has.
    pub async fn map(
        &self,
        tenant: &TenantId,
        correlation: &CorrelationId,
        limits: Limits,
        program: &str,
        records: &[String],
    ) -> CallReport<Vec<Result<Option<String>, GuestError>>> {
        let call = CallFor {
            tenant: tenant.clone(),
            profile: None,
            policy: Arc::new(Policy::none()),
            config: "{}".into(),
            scopes: Arc::default(),
            correlation: correlation.clone(),
            trace_state: None,
            limits: Limits { cpu_ms: MAPPING_CPU_MS.min(limits.cpu_ms), ..limits },
            key_place: None,
            tape: Taping::Off,
        };
        self.linked.transform(&call, program, records).await
    }
}

// === impl Sandbox ===

/// The real floor below a run.
pub(crate) struct Below {
    pub(crate) connectors: Connectors,
    pub(crate) transform: Transform,
}

impl Sandbox for Below {
    fn end<'a>(
        &'a self,
        tenant: &'a TenantId,
        ready: &'a Ready,
        trace_state: Option<TraceState>,
    ) -> Later<'a, Result<Arc<dyn End>, NotReady>> {
        Box::pin(async move {
            let prepared = self.connectors.linked(tenant, &ready.profile, ready.connector.clone()).await?;
            let prepared = prepared.within(trace_state);
            Ok(Arc::new(prepared) as Arc<dyn End>)
        })
    }

    fn circuits(&self) -> Circuits {
        self.connectors.circuits.clone()
    }

    fn transform(&self) -> &ConnectorRef {
        &self.transform.name
    }

    fn map<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation: &'a CorrelationId,
        program: &'a str,
        records: Vec<String>,
    ) -> Later<'a, Mapped> {
        Box::pin(async move {
            let limits = self.connectors.limits;
            self.transform.map(tenant, correlation, limits, program, &records).await.into()
        })
    }
}

impl End for Prepared {
    fn poll<'a>(
        &'a self,
        correlation: &'a CorrelationId,
        trigger: &'a str,
        cursor: Option<String>,
    ) -> Later<'a, Polled> {
        Box::pin(async move {
            let report = self.linked.poll(&self.call_for(correlation), trigger, cursor.as_deref()).await;
            self.note(&report.exchanges).await;
            self.keep(report.cassette.as_deref(), correlation).await;
            report.into()
        })
    }

    fn receive<'a>(
        &'a self,
        correlation: &'a CorrelationId,
        trigger: &'a str,
        event: Inbound,
    ) -> Later<'a, Received> {
        Box::pin(async move {
            let report = self.linked.receive(&self.call_for(correlation), trigger, event).await;
            self.note(&report.exchanges).await;
            self.keep(report.cassette.as_deref(), correlation).await;
            report.into()
        })
    }

    fn run<'a>(
        &'a self,
        correlation: &'a CorrelationId,
        action: &'a str,
        inputs: Vec<Input>,
    ) -> Later<'a, Ran> {
        Box::pin(async move {
            let report = self.linked.run(&self.call_for_action(correlation, action), action, &inputs).await;
            self.note(&report.exchanges).await;
            self.keep(report.cassette.as_deref(), correlation).await;
            report.into()
        })
    }
}

impl<T> From<CallReport<T>> for Called<T> {
    fn from(report: CallReport<T>) -> Self {
        Self { outcome: report.outcome, log: report.log, exchanges: report.exchanges }
    }
}
