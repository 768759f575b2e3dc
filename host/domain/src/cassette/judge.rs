//! What a call of another version on a recorded one tells: whether it asks remotes for the same, and returns the same.

use serde::Serialize;

use super::compare::{Difference, Divergence, blanked_request, difference_of, outcome_difference};
use super::host_call::{Answer, HttpAnswer, HttpRequest};
use super::player::Stopped;
use super::{Cassette, Outcome};
use crate::text::inert;

/// Differences that are told of one cassette.
const DIFFERENCES_MAX: usize = 20;
const NAME_BYTES_MAX: usize = 200;

/// The verdict on one cassette, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// It fails where the recorded version worked.
    Fails,
    /// It asks for something that was not recorded: nobody knows what it would make of the answer.
    Unrecorded,
    /// It returns something else.
    OutputsDiffer,
    /// It returns the same, and sends something else to get it.
    RequestsDiffer,
    /// It works where the recorded version failed.
    Mends,
    Same,
}

impl Judgement {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Unrecorded => "unrecorded",
            Self::OutputsDiffer => "outputs_differ",
            Self::RequestsDiffer => "requests_differ",
            Self::Mends => "mends",
            Self::Same => "same",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    pub judgement: Judgement,
    pub differences: Vec<Divergence>,
}

/// The recorded requests with their answers. Each answer is given once.
#[derive(Debug, Default)]
pub(super) struct Pool {
    recorded: Vec<Recorded>,
    differences: Vec<Divergence>,
}

#[derive(Debug)]
struct Recorded {
    /// What is sensitive by its name is taken out, once for all requests that it is compared with.
    request: HttpRequest,
    /// None: the call was over before there was one.
    answer: Option<HttpAnswer>,
    /// Of the host call in the recording.
    at: usize,
    used: bool,
}

impl Pool {
    pub(super) fn of(cassette: &Cassette) -> Self {
        let mut recorded = Vec::new();
        for (at, host_call) in cassette.host_calls.iter().enumerate() {
            let requests = match &host_call.asked {
                super::Asked::Send(request) => std::slice::from_ref(request),
                super::Asked::SendAll(requests) => requests.as_slice(),
                _ => continue,
            };
            let answers = match &host_call.answer {
                Answer::Http(answers) => answers.as_slice(),
                _ => &[],
            };
            recorded.extend(requests.iter().enumerate().map(|(number, request)| Recorded {
                request: blanked_request(request),
                answer: answers.get(number).cloned(),
                at,
                used: false,
            }));
        }
        Self { recorded, differences: Vec::new() }
    }

    /// The answer to the same request, or else to the next one that asks the same of the same place.
    pub(super) fn answer(&mut self, got: &HttpRequest) -> Result<HttpAnswer, Stopped> {
        let got = blanked_request(got);
        let place = place(&got.url);
        let ranked = self.recorded.iter().enumerate().filter(|(_, recorded)| !recorded.used).filter_map(
            |(number, recorded)| {
                let rank = match &recorded.request {
                    request if *request == got => 0,
                    request if request.method != got.method => return None,
                    request if request.url == got.url => 1,
                    request if self::place(&request.url) == place => 2,
                    _ => return None,
                };
                Some((rank, number))
            },
        );
        let found = ranked.min().and_then(|(_, number)| self.recorded.get_mut(number));
        let Some(recorded) = found else {
            let difference = Difference {
                place: String::new(),
                expected: "a request that was recorded".to_owned(),
                got: inert(&name(&got), NAME_BYTES_MAX),
            };
            let at = "a request without a recorded answer".to_owned();
            self.differences.insert(0, difference.at(None, at));
            return Err(Stopped::Diverged);
        };
        recorded.used = true;
        if let Some(difference) = difference_of(&recorded.request, &got) {
            self.differences.push(difference.at(Some(recorded.at), name(&recorded.request)));
        }
        recorded.answer.clone().ok_or(Stopped::Ended)
    }

    pub(super) fn stopped_at(&self) -> Option<Divergence> {
        self.differences.first().cloned()
    }

    /// Adds what was recorded and not asked for.
    fn end(mut self) -> Vec<Divergence> {
        for recorded in self.recorded.iter().filter(|recorded| !recorded.used) {
            let difference = Difference {
                place: String::new(),
                expected: "this request".to_owned(),
                got: "none".to_owned(),
            };
            self.differences.push(difference.at(Some(recorded.at), name(&recorded.request)));
        }
        self.differences
    }
}

fn name(request: &HttpRequest) -> String {
    format!("{} {}", request.method, request.url)
}

fn place(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

impl Judged {
    pub(super) fn of(
        cassette: &Cassette,
        pool: Pool,
        stopped: Option<Divergence>,
        ended: bool,
        outcome: &Outcome,
    ) -> Self {
        let mut differences = pool.end();
        let asks_otherwise = !differences.is_empty();
        let of_outcome = if ended { None } else { outcome_difference(&cassette.outcome, outcome) };
        let judgement = match (cassette.outcome.is_good(), outcome.is_good()) {
            // Nobody knows what the remote would have answered.
            _ if stopped.is_some() && !ended => Judgement::Unrecorded,
            _ if stopped.is_some() => Judgement::RequestsDiffer,
            (true, false) if of_outcome.is_some() => Judgement::Fails,
            (false, true) if of_outcome.is_some() => Judgement::Mends,
            _ if of_outcome.is_some() => Judgement::OutputsDiffer,
            _ if asks_otherwise => Judgement::RequestsDiffer,
            _ => Judgement::Same,
        };
        if stopped.is_none() {
            let outcome = of_outcome.map(|found| found.at(None, "the outcome".to_owned()));
            differences.splice(0..0, outcome);
        }
        differences.truncate(DIFFERENCES_MAX);
        Self { judgement, differences }
    }
}
