//! When a life ends: at the nth time of a named point of one kind of commit, or at any moment.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use lockgate::{CommitKind as Kind, CommitPoint as Point};

/// What the host carries meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    /// Numbered records from a depot to the same depot, and events that come by themselves.
    Ferry,
    /// Won deals become invoices, by the connectors that ship; beside it tokens that are renewed all the time.
    Crm,
}

impl Chain {
    pub const ALL: [Self; 2] = [Self::Ferry, Self::Crm];

    /// The kinds of commit that a life has, each with how often it may come before the end.
    fn kinds(self) -> &'static [(Kind, u64)] {
        match self {
            Self::Ferry => &[
                (Kind::Page, 2),
                (Kind::Batch, 6),
                (Kind::DeadLetter, 2),
                (Kind::Trigger, 2),
                (Kind::Lease, 3),
                (Kind::RunEnd, 2),
                (Kind::Replay, 2),
                (Kind::Credential, 3),
                (Kind::Webhook, 3),
                (Kind::Upload, 1),
                (Kind::Note, 2),
            ],
            Self::Crm => &[
                (Kind::Refresh, 4),
                (Kind::Page, 2),
                (Kind::Batch, 4),
                (Kind::TokenLease, 4),
                (Kind::DeadLetter, 1),
                (Kind::Trigger, 2),
                (Kind::Refresh, 2),
                (Kind::Lease, 3),
                (Kind::RunEnd, 2),
                (Kind::Credential, 2),
                (Kind::Replay, 1),
            ],
        }
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ferry => "ferry",
            Self::Crm => "crm",
        })
    }
}

impl FromStr for Chain {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|one| one.to_string() == text).ok_or(())
    }
}

/// A small generator whose sequence is the same for the same seed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The worker stops there and says so, and is killed where it stands.
    At { point: Point, kind: Kind, nth: u64 },
    /// So long after it said that it is ready, or before that.
    After(Duration),
}

/// The `number`th life of a chain: every point of every kind in turn, and between them moments of no name.
pub fn end(chain: Chain, number: u64, chance: &mut Chance) -> End {
    if number % 3 == 2 {
        return End::After(Duration::from_millis(1 + chance.below(250)));
    }
    let kinds = chain.kinds();
    let turn = number - number / 3;
    let points = Point::ALL.len() as u64;
    let point = Point::ALL[(turn % points) as usize];
    let (kind, most) = kinds[(turn / points % kinds.len() as u64) as usize];
    End::At { point, kind, nth: 1 + chance.below(most) }
}
