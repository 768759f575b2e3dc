//! Every gate's answer to one request: the judge's own way, told step by step.

use super::permit::{Permit, Vetted, Wire};
use crate::denial::{Denial, Gate};

/// What one gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub gate: Gate,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With the line of policy that lets it pass, or what the gate looked at.
    Passed {
        by: String,
    },
    Denied(Denial),
    /// The gate had nothing to judge.
    NotReached {
        why: String,
    },
}

/// Decides what becomes of the walk when a gate has answered.
pub(super) trait Course {
    /// A gate without whose answer no later gate has anything to judge.
    fn need<T>(
        &mut self,
        gate: Gate,
        answer: Result<T, Denial>,
        by: impl FnOnce(&T) -> String,
    ) -> Result<T, Denial>;

    /// A gate after which others can still say something. None where it refused and the walk goes on.
    fn ask<T>(
        &mut self,
        gate: Gate,
        answer: Result<T, Denial>,
        by: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>, Denial>;

    /// The first refusal, if the walk went on after one.
    fn close(&mut self) -> Result<(), Denial>;
}

/// The judge's course: the first refusal ends it. What passes is told to whoever watches.
pub(super) struct Strict<F>(pub(super) F);

impl<F: FnMut(Gate)> Course for Strict<F> {
    fn need<T>(
        &mut self,
        gate: Gate,
        answer: Result<T, Denial>,
        _: impl FnOnce(&T) -> String,
    ) -> Result<T, Denial> {
        let value = answer?;
        (self.0)(gate);
        Ok(value)
    }

    fn ask<T>(
        &mut self,
        gate: Gate,
        answer: Result<T, Denial>,
        by: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>, Denial> {
        self.need(gate, answer, by).map(Some)
    }

    fn close(&mut self) -> Result<(), Denial> {
        Ok(())
    }
}

/// The explaining course: every answer is written down.
#[derive(Default)]
pub(super) struct Told {
    verdicts: Vec<Verdict>,
    first: Option<Denial>,
}

impl Told {
    fn note(&mut self, gate: Gate, outcome: Outcome) {
        self.verdicts.push(Verdict { gate, outcome });
    }

    pub(super) fn explained(mut self, permit: Option<Permit<Wire>>) -> Explained {
        let why = if permit.is_some() { "the name has not been resolved" } else { "an earlier gate refused" };
        let missing: Vec<Gate> = JUDGED
            .into_iter()
            .filter(|gate| !self.verdicts.iter().any(|verdict| verdict.gate == *gate))
            .collect();
        for gate in missing {
            self.note(gate, Outcome::NotReached { why: why.to_owned() });
        }
        Explained { verdicts: self.verdicts, permit }
    }
}

impl Course for Told {
    fn need<T>(
        &mut self,
        gate: Gate,
        answer: Result<T, Denial>,
        by: impl FnOnce(&T) -> String,
    ) -> Result<T, Denial> {
        let value = answer.inspect_err(|denial| {
            // The first look at a URL finds out its scheme, and may answer for the next gate.
            if denial.gate != gate {
                self.note(gate, Outcome::Passed { by: "as far as it could be read".to_owned() });
            }
            self.note(denial.gate, Outcome::Denied(denial.clone()));
            self.first.get_or_insert_with(|| denial.clone());
        })?;
        self.note(gate, Outcome::Passed { by: by(&value) });
        Ok(value)
    }

    fn ask<T>(
        &mut self,
        gate: Gate,
        answer: Result<T, Denial>,
        by: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>, Denial> {
        Ok(self.need(gate, answer, by).ok())
    }

    fn close(&mut self) -> Result<(), Denial> {
        self.first.clone().map_or(Ok(()), Err)
    }
}

/// The gates that judge a request before anything is sent, in order.
const JUDGED: [Gate; 10] = [
    Gate::Capability,
    Gate::Normalise,
    Gate::Scheme,
    Gate::Ceiling,
    Gate::Hosts,
    Gate::Scope,
    Gate::Headers,
    Gate::Credential,
    Gate::Budget,
    Gate::Address,
];

/// One request, explained. The last gate is open until somebody has looked up the name.
#[derive(Debug)]
pub struct Explained {
    verdicts: Vec<Verdict>,
    permit: Option<Permit<Wire>>,
}

impl Explained {
    /// One for each gate, in order.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// What the judge answers: the first refusal.
    pub fn denial(&self) -> Option<&Denial> {
        self.verdicts.iter().find_map(|verdict| match &verdict.outcome {
            Outcome::Denied(denial) => Some(denial),
            _ => None,
        })
    }

    /// The judge's permit, for the question that is left: where the name leads.
    pub fn permit(&self) -> Option<&Permit<Wire>> {
        self.permit.as_ref()
    }

    /// With the answer of the last gate.
    #[must_use]
    pub fn vetted(self, answer: Result<&Vetted, Denial>) -> Self {
        self.last(match answer {
            Ok(vetted) => Outcome::Passed {
                by: format!("{} address(es), none of them blocked", vetted.addresses().len()),
            },
            Err(denial) => Outcome::Denied(denial),
        })
    }

    /// Where the name leads nowhere now, nothing can be said of its addresses.
    #[must_use]
    pub fn unresolved(self, why: impl Into<String>) -> Self {
        self.last(Outcome::NotReached { why: why.into() })
    }

    fn last(mut self, outcome: Outcome) -> Self {
        self.verdicts.retain(|verdict| verdict.gate != Gate::Address);
        self.verdicts.push(Verdict { gate: Gate::Address, outcome });
        self
    }
}

#[cfg(test)]
mod tests;
