//! When a life ends: at the nth time of a named point of one kind of commit, or at any moment.

use std::time::Duration;

use lockgate::{CommitKind as Kind, CommitPoint as Point};

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

/// The kinds that a life of the worker has, each with how often it may come before the end.
const KINDS: [(Kind, u64); 11] = [
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
];

/// The `number`th life: every point of every kind in turn, and between them moments of no name.
pub fn end(number: u64, chance: &mut Chance) -> End {
    if number % 3 == 2 {
        return End::After(Duration::from_millis(1 + chance.below(250)));
    }
    let turn = number - number / 3;
    let points = Point::ALL.len() as u64;
    let point = Point::ALL[(turn % points) as usize];
    let (kind, most) = KINDS[(turn / points % KINDS.len() as u64) as usize];
    End::At { point, kind, nth: 1 + chance.below(most) }
}
