//! One job done in five ways, in turn in every round, so that a change of the machine's speed meets all of them.

use lockgate::Engine;

/// Who does the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    Sled,
    Redb,
    Memory,
    /// A program that makes the same requests, with the same syncs.
    Synced,
    /// The same program without a disk.
    Nothing,
}

impl Contender {
    pub const ALL: [Self; 5] = [Self::Sled, Self::Redb, Self::Memory, Self::Synced, Self::Nothing];

    fn name(self) -> &'static str {
        match self {
            Self::Sled => "Lockgate, durable on sled",
            Self::Redb => "Lockgate, durable on redb",
            Self::Memory => "Lockgate, in memory",
            Self::Synced => "native, as durable",
            Self::Nothing => "native, keeping nothing",
        }
    }

    pub fn engine(self) -> Option<Engine> {
        match self {
            Self::Sled => Some(Engine::Sled),
            Self::Redb => Some(Engine::Redb),
            _ => None,
        }
    }
}

/// The rates of each, by round.
pub struct Contest {
    job: &'static str,
    rates: [Vec<f64>; 5],
}

impl Contest {
    pub fn new(job: &'static str) -> Self {
        Self { job, rates: Default::default() }
    }

    pub fn note(&mut self, contender: Contender, rate: f64) {
        self.rates[contender as usize].push(rate);
    }

    /// Medians, and the medians of the rounds' ratios.
    pub fn print(&self, unit: &str) {
        println!(
            "\n| {} | {unit} | of native, as durable | of native, keeping nothing | of Lockgate in memory |",
            self.job
        );
        println!("|---|---|---|---|---|");
        for contender in Contender::ALL {
            let ours = &self.rates[contender as usize];
            let of = |other: Contender| {
                if other == contender {
                    return "1".to_owned();
                }
                let theirs = &self.rates[other as usize];
                format!("{:.2}", median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs)))
            };
            println!(
                "| {} | {:.0} | {} | {} | {} |",
                contender.name(),
                median(ours.iter().copied()),
                of(Contender::Synced),
                of(Contender::Nothing),
                of(Contender::Memory),
            );
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
