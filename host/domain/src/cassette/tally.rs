//! What the judgements of many cassettes come to.

use serde::Serialize;

use super::judge::Judgement;

/// How many cassettes were judged how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub same: u64,
    pub mends: u64,
    pub requests_differ: u64,
    pub outputs_differ: u64,
    pub unrecorded: u64,
    pub fails: u64,
}

/// Whether a version does what the one before it did, as far as the cassettes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every cassette says so, or is mended.
    Same,
    /// Those that were played say so; for others there was no time.
    Incomplete,
    /// At least one says otherwise.
    Differs,
}

impl Tally {
    pub fn count(&mut self, judgement: Judgement) {
        let one = match judgement {
            Judgement::Same => &mut self.same,
            Judgement::Mends => &mut self.mends,
            Judgement::RequestsDiffer => &mut self.requests_differ,
            Judgement::OutputsDiffer => &mut self.outputs_differ,
            Judgement::Unrecorded => &mut self.unrecorded,
            Judgement::Fails => &mut self.fails,
        };
        *one = one.saturating_add(1);
    }

    pub fn all(&self) -> u64 {
        let Self { same, mends, requests_differ, outputs_differ, unrecorded, fails } = self;
        [same, mends, requests_differ, outputs_differ, unrecorded, fails].into_iter().sum()
    }

    pub fn verdict(&self, not_played: usize) -> Verdict {
        match (self.same + self.mends == self.all(), not_played) {
            (false, _) => Verdict::Differs,
            (true, 0) => Verdict::Same,
            (true, _) => Verdict::Incomplete,
        }
    }

    /// In one line for people.
    pub fn summary(&self) -> String {
        let Self { same, mends, requests_differ, outputs_differ, unrecorded, fails } = self;
        let all = self.all();
        let cassettes = if all == 1 { "cassette" } else { "cassettes" };
        format!(
            "{all} {cassettes}: {same} same, {mends} mend, {requests_differ} ask otherwise, {outputs_differ} return \
             otherwise, {unrecorded} ask for what was not recorded, {fails} fail"
        )
    }
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Incomplete => "incomplete",
            Self::Differs => "differs",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cassette_that_says_otherwise_decides_and_one_that_was_not_played_leaves_it_open() {
        for (judgements, not_played, expected) in [
            (&[Judgement::Same, Judgement::Mends][..], 0, Verdict::Same),
            (&[Judgement::Same], 1, Verdict::Incomplete),
            (&[], 3, Verdict::Incomplete),
            (&[Judgement::Same, Judgement::RequestsDiffer], 0, Verdict::Differs),
            (&[Judgement::OutputsDiffer], 5, Verdict::Differs),
            (&[Judgement::Unrecorded], 0, Verdict::Differs),
            (&[Judgement::Fails, Judgement::Mends], 0, Verdict::Differs),
        ] {
            let mut tally = Tally::default();
            judgements.iter().for_each(|judgement| tally.count(*judgement));
            assert_eq!(tally.all(), judgements.len() as u64);
            assert_eq!(tally.verdict(not_played), expected, "{judgements:?} {not_played}");
        }
    }
}
