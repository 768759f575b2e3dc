//! Plays a cassette to a component: its host calls are answered from the recording, and nothing else is reached.

use std::sync::Arc;

use domain::call::{Inbound, Input, Limits, LogLine, Usage};
use domain::cassette::{Call, CallLimits, Cassette, Divergence, Judged, Mode, Outcome, Player};
use domain::egress::Policy;
use domain::{CorrelationId, TenantId};

use crate::call::{CallFor, CallReport};
use crate::deck::{Playing, Taping};
use crate::linked::Linked;

/// Of a file that asks for more: a player's patience, and its machine, are not the recorder's.
const WALL_MS: std::ops::RangeInclusive<u64> = 30_000..=300_000;
const CPU_MS_MAX: u64 = 60_000;
const COUNT_MAX: u64 = 1_000_000;
const BYTES_MAX: u64 = 64 << 20;
/// Code that had the time where it was recorded gets it on a slower machine too.
const SLOWER: u64 = 10;

/// Whose time and memory a replay takes.
#[derive(Clone, Copy, Debug)]
pub enum Patience<'a> {
    /// Of somebody who waits for it, on a machine of their own.
    Author,
    /// Of a host that others use too: never more than it gives to a call.
    Host(&'a Limits),
}

/// How a call on a recording went.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    pub outcome: Outcome,
    /// What the guest logged this time.
    pub log: Vec<LogLine>,
    pub usage: Usage,
    /// Exactly played: where the guest left the recording first.
    pub divergence: Option<Divergence>,
    /// Judged: what this version does otherwise.
    pub judged: Option<Judged>,
}

impl Linked {
    /// Makes the recorded call once more, on the recording. The caller has seen that the cassette can be played.
    pub async fn play(
        &self,
        tenant: &TenantId,
        cassette: Arc<Cassette>,
        mode: Mode,
        patience: Patience<'_>,
    ) -> Played {
        let playing = Playing::new(Player::new(Arc::clone(&cassette), mode));
        let call = CallFor {
            tenant: tenant.clone(),
            profile: None,
            policy: Arc::new(Policy::none()),
            config: cassette.config.as_str().into(),
            scopes: cassette.scopes.clone().into(),
            correlation: CorrelationId::make(&*self.process.rooms.randomness),
            trace_state: None,
            limits: limits(&cassette, patience),
            key_place: None,
            tape: Taping::Play(playing.clone()),
        };
        let (outcome, log, usage) = match &cassette.call {
            Call::Check => told(self.check(&call).await, Outcome::of_check),
            Call::Run { action, inputs } => {
                let given = |input: &domain::cassette::Given| Input {
                    key: input.key.clone(),
                    body: input.body.clone(),
                };
                let inputs: Vec<Input> = inputs.iter().map(given).collect();
                told(self.run(&call, action, &inputs).await, Outcome::of_run)
            }
            Call::Poll { trigger, cursor } => {
                told(self.poll(&call, trigger, cursor.as_deref()).await, Outcome::of_poll)
            }
            Call::Receive { hook, headers, body } => {
                let headers = headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect();
                let event = Inbound { headers, body: body.0.clone() };
                told(self.receive(&call, hook, event).await, Outcome::of_receive)
            }
        };
        drop(call);
        let ended = playing.player().is_ended();
        let outcome = if ended { cassette.outcome.clone() } else { outcome };
        let player = playing.into_player();
        let (divergence, judged) = match (player, mode) {
            (Some(player), Mode::Exact) => (player.end(&outcome), None),
            (Some(player), Mode::Judge) => (None, Some(player.judge(&outcome))),
            (None, _) => (None, None),
        };
        Played { outcome, log, usage, divergence, judged }
    }
}

fn told<T>(
    report: CallReport<T>,
    outcome: impl FnOnce(&Result<T, domain::call::CallFailure>) -> Outcome,
) -> (Outcome, Vec<LogLine>, Usage) {
    (outcome(&report.outcome), report.log, report.usage)
}

/// The bounds that were recorded, as far as a stranger's file may set them.
fn limits(cassette: &Cassette, patience: Patience<'_>) -> Limits {
    let CallLimits { wall_ms, cpu_ms, memory_bytes, table_elements, handles, host_call_bytes, output_bytes } =
        cassette.limits;
    let slower = if matches!(cassette.outcome.code(), "cpu_limit") { 1 } else { SLOWER };
    let size = |wanted: u64, max: u64| usize::try_from(wanted.min(max)).unwrap_or(usize::MAX);
    let wanted = Limits {
        wall_ms: wall_ms.clamp(*WALL_MS.start(), *WALL_MS.end()),
        cpu_ms: cpu_ms.saturating_mul(slower).clamp(1, CPU_MS_MAX),
        memory_bytes: size(memory_bytes, 4 << 30),
        table_elements: size(table_elements, COUNT_MAX),
        handles: size(handles, COUNT_MAX),
        host_call_bytes: size(host_call_bytes, BYTES_MAX),
        output_bytes: size(output_bytes, BYTES_MAX),
        ..Limits::default()
    };
    match patience {
        Patience::Author => wanted,
        Patience::Host(most) => Limits {
            wall_ms: wanted.wall_ms.min(most.wall_ms),
            cpu_ms: wanted.cpu_ms.min(most.cpu_ms),
            memory_bytes: wanted.memory_bytes.min(most.memory_bytes),
            table_elements: wanted.table_elements.min(most.table_elements),
            handles: wanted.handles.min(most.handles),
            host_call_bytes: wanted.host_call_bytes.min(most.host_call_bytes),
            output_bytes: wanted.output_bytes.min(most.output_bytes),
            ..*most
        },
    }
}
