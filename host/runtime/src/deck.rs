//! Between a capability and the world: records what passes, or answers in the world's place from a cassette.
//!
//! Every capability asks the deck of its call first. An empty one, which is the rule, costs a comparison.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::cassette::{Answer, Asked, Bounds, Player, Stopped, Tape};
use domain::connector::ConnectorRef;
use tokio::sync::Notify;

use crate::failure::HostFailed;

/// Whether a call is recorded.
#[derive(Clone, Debug, Default)]
pub enum Taping {
    #[default]
    Off,
    /// As a call of this connector.
    Record(ConnectorRef),
    /// It is played, and reaches nothing.
    Play(Playing),
}

/// A player that the capabilities of one call share. Only `Linked::play` makes one.
#[derive(Clone, Debug)]
pub struct Playing {
    player: Arc<Mutex<Player>>,
    /// Told when the recorded call had no more time, and this one has none either.
    over: Arc<Notify>,
}

/// What one call does with cassettes.
#[derive(Clone, Debug, Default)]
pub(crate) enum Deck {
    #[default]
    Empty,
    Recording(Arc<Mutex<Tape>>),
    Playing(Playing),
}

/// What comes of asking the deck.
pub(crate) enum Asking {
    /// Nothing: the world answers, and the deck wants to know what, under this number.
    Live(Option<usize>),
    Played(Answer),
}

/// What a cassette that somebody made by hand may hold in place of an answer.
pub(crate) const NO_SUCH_ANSWER: HostFailed = HostFailed("the cassette has another kind of answer there");

impl Deck {
    pub(crate) fn of(taping: &Taping) -> Self {
        match taping {
            Taping::Off => Self::Empty,
            Taping::Record(_) => Self::Recording(Arc::new(Mutex::new(Tape::new(Bounds::default())))),
            Taping::Play(playing) => Self::Playing(playing.clone()),
        }
    }

    /// Takes the question down, or answers it. An error ends the call: the guest has left its recording.
    pub(crate) fn ask(&self, asked: impl FnOnce() -> Asked) -> Result<Asking, HostFailed> {
        match self {
            Self::Empty => Ok(Asking::Live(None)),
            Self::Recording(tape) => Ok(Asking::Live(lock(tape).ask(asked()))),
            Self::Playing(playing) => match playing.player().answer(&asked()) {
                Ok(answer) => Ok(Asking::Played(answer)),
                Err(Stopped::Diverged) => Err(HostFailed("the guest left its recording")),
                Err(Stopped::Ended) => Err(HostFailed("the recorded call was over here")),
            },
        }
    }

    /// What the world answered.
    pub(crate) fn answer(&self, place: Option<usize>, answer: impl FnOnce() -> Answer) {
        if let Self::Recording(tape) = self {
            lock(tape).answer(place, answer());
        }
    }

    /// A question that has no answer of its own.
    pub(crate) fn note(&self, asked: impl FnOnce() -> Asked) -> Result<(), HostFailed> {
        match self.ask(asked)? {
            Asking::Live(place) => self.answer(place, || Answer::Done),
            Asking::Played(_) => {}
        }
        Ok(())
    }

    /// Waits for the end of a call whose timers pass at once. One that is not played ends by the clock alone.
    pub(crate) async fn over(&self) {
        match self {
            Self::Playing(playing) => playing.over.notified().await,
            Self::Empty | Self::Recording(_) => std::future::pending().await,
        }
    }

    pub(crate) fn is_recording(&self) -> bool {
        matches!(self, Self::Recording(_))
    }

    /// What was recorded, once.
    pub(crate) fn take(&self) -> Option<Tape> {
        match self {
            Self::Recording(tape) => {
                Some(std::mem::replace(&mut *lock(tape), Tape::new(Bounds { host_calls: 0, bytes: 0 })))
            }
            Self::Empty | Self::Playing(_) => None,
        }
    }
}

impl Playing {
    pub(crate) fn new(player: Player) -> Self {
        Self { player: Arc::new(Mutex::new(player)), over: Arc::default() }
    }

    pub(crate) fn player(&self) -> MutexGuard<'_, Player> {
        lock(&self.player)
    }

    /// Ends the call that is played, as its wall limit would.
    pub(crate) fn call_is_over(&self) {
        self.over.notify_one();
    }

    /// The player, at the end of its call: none where somebody still holds on to it.
    pub(crate) fn into_player(self) -> Option<Player> {
        Arc::into_inner(self.player).map(|player| player.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

// Held for one question, never across an await: a standard mutex is enough.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
