//! A component that is ready to be called: each call is a fresh instance in a fresh store.

use std::sync::Arc;

use domain::Digest;
use domain::call::{CallFailure, Fault, GuestError, Inbound, Input, Limits, Page, PolledRecord};
use domain::cassette::{Call, Outcome};

use crate::admit::Kind;
use crate::answer::{Answer, guest_error};
use crate::bindings::{ConnectorPre, TransformerPre, types};
use crate::call::{CallFor, CallReport, Ready};
use crate::runtime::Process;
use crate::state::CallState;

/// Compiled, its imports resolved. Cheap to clone.
#[derive(Clone)]
pub struct Linked {
    pub(crate) digest: Digest,
    pub(crate) world: World,
    pub(crate) process: Arc<Process>,
}

#[derive(Clone)]
pub(crate) enum World {
    Connector(ConnectorPre<CallState>),
    Transform(TransformerPre<CallState>),
}

impl std::fmt::Debug for Linked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linked").field("digest", &self.digest).field("kind", &self.kind()).finish()
    }
}

impl Linked {
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    pub fn kind(&self) -> Kind {
        match &self.world {
            World::Connector(_) => Kind::Connector,
            World::Transform(_) => Kind::Transform,
        }
    }

    /// Verifies that the profile's target and credentials work.
    pub async fn check(&self, call: &CallFor) -> CallReport<Result<(), GuestError>> {
        let (pre, mut ready) = match self.connector(call).await {
            Ok(begun) => begun,
            Err(failure) => return CallReport::not_made(failure),
        };
        let driven = ready
            .drive(async |store| {
                let instance = pre.instantiate_async(&mut *store).await?;
                instance.lockgate_connector_connector().call_check(store).await
            })
            .await;
        let deck = ready.deck.clone();
        let report = ready.report(driven).and_then(|answer| Ok(answer.map_err(guest_error)));
        report.recorded((call, &deck, self), || Call::Check, Outcome::of_check)
    }

    /// Runs one action on a batch: exactly one result per input, in order.
    pub async fn run(
        &self,
        call: &CallFor,
        action: &str,
        inputs: &[Input],
    ) -> CallReport<Vec<Result<String, GuestError>>> {
        let (pre, mut ready) = match self.connector(call).await {
            Ok(begun) => begun,
            Err(failure) => return CallReport::not_made(failure),
        };
        let batch: Vec<types::Input> = inputs
            .iter()
            .map(|input| types::Input { key: input.key.clone(), body: input.body.clone() })
            .collect();
        let driven = ready
            .drive(async |store| {
                let instance = pre.instantiate_async(&mut *store).await?;
                instance.lockgate_connector_connector().call_run(store, action, &batch).await
            })
            .await;
        let output_bytes = call.limits.output_bytes;
        let deck = ready.deck.clone();
        let report =
            ready.report(driven).and_then(|answer| Answer::new(output_bytes).results(answer, inputs.len()));
        report.recorded((call, &deck, self), || Call::run(action, inputs), Outcome::of_run)
    }

    /// Reads one page of records, from `cursor` on.
    pub async fn poll(
        &self,
        call: &CallFor,
        trigger: &str,
        cursor: Option<&str>,
    ) -> CallReport<Result<Page, GuestError>> {
        let (pre, mut ready) = match self.connector(call).await {
            Ok(begun) => begun,
            Err(failure) => return CallReport::not_made(failure),
        };
        let cursor = cursor.map(str::to_owned);
        let driven = ready
            .drive(async |store| {
                let instance = pre.instantiate_async(&mut *store).await?;
                instance.lockgate_connector_connector().call_poll(store, trigger, cursor.as_ref()).await
            })
            .await;
        let output_bytes = call.limits.output_bytes;
        let deck = ready.deck.clone();
        let report = ready.report(driven).and_then(|answer| Answer::new(output_bytes).page(answer));
        let made = || Call::Poll { trigger: trigger.to_owned(), cursor };
        report.recorded((call, &deck, self), made, Outcome::of_poll)
    }

    /// Turns a webhook, whose signature the host has verified, into records.
    pub async fn receive(
        &self,
        call: &CallFor,
        hook: &str,
        event: Inbound,
    ) -> CallReport<Result<Vec<PolledRecord>, GuestError>> {
        let (pre, mut ready) = match self.connector(call).await {
            Ok(begun) => begun,
            Err(failure) => return CallReport::not_made(failure),
        };
        let recorded = ready.deck.is_recording().then(|| Call::receive(hook, &event));
        let event = types::Inbound { headers: event.headers, body: event.body };
        let driven = ready
            .drive(async |store| {
                let instance = pre.instantiate_async(&mut *store).await?;
                instance.lockgate_connector_connector().call_receive(store, hook, &event).await
            })
            .await;
        let output_bytes = call.limits.output_bytes;
        let deck = ready.deck.clone();
        let report = ready.report(driven).and_then(|answer| match answer {
            Ok(received) => Answer::new(output_bytes).records(received.records).map(Ok),
            Err(error) => Ok(Err(guest_error(error))),
        });
        report.recorded((call, &deck, self), || recorded.unwrap_or(Call::Check), Outcome::of_receive)
    }

    /// Runs a mapping program on each record: exactly one result per record, in order; `None` drops it.
    pub async fn transform(
        &self,
        call: &CallFor,
        program: &str,
        records: &[String],
    ) -> CallReport<Vec<Result<Option<String>, GuestError>>> {
        let World::Transform(pre) = &self.world else {
            return CallReport::not_made(not_offered(self.kind()));
        };
        let mut ready = match self.ready(call).await {
            Ok(ready) => ready,
            Err(failure) => return CallReport::not_made(failure),
        };
        let driven = ready
            .drive(async |store| {
                let instance = pre.instantiate_async(&mut *store).await?;
                instance.lockgate_connector_transform().call_transform(store, program, records).await
            })
            .await;
        let output_bytes = call.limits.output_bytes;
        ready.report(driven).and_then(|answer| Answer::new(output_bytes).transformed(answer, records.len()))
    }

    /// Asks a connector for its manifest, with no capability at all.
    pub(crate) async fn describe(&self, limits: Limits) -> CallReport<String> {
        let World::Connector(pre) = &self.world else {
            return CallReport::not_made(not_offered(self.kind()));
        };
        let state = || CallState::for_nobody(&limits, &self.process);
        let mut ready = match Ready::new(&self.process, None, limits, state).await {
            Ok(ready) => ready,
            Err(failure) => return CallReport::not_made(failure),
        };
        let driven = ready
            .drive(async |store| {
                let instance = pre.instantiate_async(&mut *store).await?;
                instance.lockgate_connector_connector().call_describe(store).await
            })
            .await;
        ready.report(driven).and_then(|answer| Answer::new(limits.output_bytes).json(answer))
    }

    /// Instantiates a transform and calls nothing: its start functions run and its export is checked against its type.
    pub(crate) async fn instantiate(&self, limits: Limits) -> CallReport<()> {
        let World::Transform(pre) = &self.world else {
            return CallReport::not_made(not_offered(self.kind()));
        };
        let state = || CallState::for_nobody(&limits, &self.process);
        let mut ready = match Ready::new(&self.process, None, limits, state).await {
            Ok(ready) => ready,
            Err(failure) => return CallReport::not_made(failure),
        };
        let driven = ready.drive(async |store| pre.instantiate_async(store).await.map(drop)).await;
        ready.report(driven)
    }

    async fn connector(&self, call: &CallFor) -> Result<(&ConnectorPre<CallState>, Ready), CallFailure> {
        match &self.world {
            World::Connector(pre) => Ok((pre, self.ready(call).await?)),
            World::Transform(_) => Err(not_offered(Kind::Transform)),
        }
    }

    async fn ready(&self, call: &CallFor) -> Result<Ready, CallFailure> {
        let state = || CallState::for_call(call, &self.process);
        Ready::new(&self.process, Some(&call.tenant), call.limits, state).await
    }
}

fn not_offered(kind: Kind) -> CallFailure {
    CallFailure::new(
        Fault::NotOffered,
        format!("the component is a {} and has no such export", kind.as_str()),
    )
}
