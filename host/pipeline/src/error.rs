//! What the pipeline refuses, and how it fails.

use domain::{Blame, DeadLetterId, FlowName, HookId, RecordKey, ReplayJobId, RunId};
use store::StoreError;

use crate::ready::NotReady;

#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error("there is no flow {0}; list the flows with `lockgate flows list`")]
    UnknownFlow(FlowName),
    #[error("the flow {0} is disabled; enable it before it is run")]
    FlowDisabled(FlowName),
    #[error("the flow {flow} is being run; wait for the run {run} to end")]
    RunOpen { flow: FlowName, run: RunId },
    #[error(
        "the flow {flow} stands still at the record {key}; mend what refuses it, then `lockgate flows resume {flow}`"
    )]
    FlowPaused { flow: FlowName, key: RecordKey },
    #[error("the flow {0} does not stand still; there is nothing to resume")]
    NotPaused(FlowName),
    #[error("there is no run {0}; list them with `lockgate runs list`")]
    UnknownRun(RunId),
    #[error("the run {0} is over; there is nothing to cancel")]
    RunOver(RunId),
    #[error("there is no dead letter {0}; list them with `lockgate dead-letters list`")]
    UnknownDeadLetter(DeadLetterId),
    #[error("the dead letter {id} is being replayed; wait for the run {run} to end")]
    Replaying { id: DeadLetterId, run: RunId },
    #[error("the dead letter {id} was delivered by the run {run}; there is nothing to replay")]
    Resolved { id: DeadLetterId, run: RunId },
    #[error(
        "the dead letter {id} was replayed {replays} times and came back each time; mend what refuses it, and let a flow of another name read it again"
    )]
    ReplayedTooOften { id: DeadLetterId, replays: u32 },
    #[error("the dead letter {id} was discarded: {reason}; it stays so")]
    Discarded { id: DeadLetterId, reason: String },
    #[error("the edited body of the dead letter {id} is refused: {reason}")]
    EditRefused { id: DeadLetterId, reason: String },
    #[error("the flow {flow} cannot be run now: {reason}")]
    CannotBegin { flow: FlowName, reason: Box<NotReady> },
    #[error("there is no replay job {0}; list them with `lockgate dead-letters replays`")]
    UnknownReplayJob(ReplayJobId),
    #[error("the replay job {0} has ended")]
    ReplayJobEnded(ReplayJobId),
    #[error("{0} replay jobs are under way; wait for one to end or cancel it")]
    TooManyReplayJobs(usize),
    #[error("the flow {0} has too many replays under way; wait for some of them to end")]
    TooManyReplays(FlowName),
    #[error("the flow {0} is changed from too many sides at once; try again")]
    Contended(FlowName),
    #[error("no flow gets its records from the hook {0}; make one before the sender sends")]
    NoFlowForHook(HookId),
    #[error(
        "{held} events wait in the tenant's inbox, of at most {max}; they come in faster than they are delivered"
    )]
    InboxFull { held: u64, max: u64 },
    #[error("the hook {0} takes the same event from too many sides at once; try again")]
    HookContended(HookId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PipelineError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownFlow(_) => "unknown_flow",
            Self::FlowDisabled(_) => "flow_disabled",
            Self::RunOpen { .. } => "run_open",
            Self::FlowPaused { .. } => "flow_paused",
            Self::NotPaused(_) => "flow_not_paused",
            Self::UnknownRun(_) => "unknown_run",
            Self::RunOver(_) => "run_over",
            Self::UnknownDeadLetter(_) => "unknown_dead_letter",
            Self::Replaying { .. } => "dead_letter_replaying",
            Self::Resolved { .. } => "dead_letter_resolved",
            Self::ReplayedTooOften { .. } => "replays_exhausted",
            Self::Discarded { .. } => "dead_letter_discarded",
            Self::EditRefused { .. } => "edit_refused",
            Self::CannotBegin { reason, .. } => reason.code(),
            Self::UnknownReplayJob(_) => "unknown_replay_job",
            Self::ReplayJobEnded(_) => "replay_job_ended",
            Self::TooManyReplayJobs(_) => "too_many_replay_jobs",
            Self::TooManyReplays(_) => "too_many_replays",
            Self::Contended(_) | Self::HookContended(_) => "contended",
            Self::NoFlowForHook(_) => "no_flow",
            Self::InboxFull { .. } => "inbox_full",
            Self::Store(error) => error.code(),
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::Contended(_) | Self::HookContended(_) => Blame::Host,
            Self::CannotBegin { reason, .. } => reason.blame(),
            Self::Store(error) => error.blame(),
            _ => Blame::Operator,
        }
    }
}
