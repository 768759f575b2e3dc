//! The vendor: answers requests from the exchanges of a test, and keeps what did not fit.

use std::fmt;

use serde_json::json;

use crate::exchange::{Exchange, Times};
use crate::fault::Fault;
use crate::received::Received;
use crate::reply::Answer;

/// Requests that are remembered.
const JOURNAL_MAX: usize = 10_000;
/// Problems that are kept; a loop of a connector makes many of the same.
const PROBLEMS_MAX: usize = 20;

/// A remote that answers as it is told to. See the [crate] for an example.
#[derive(Clone, Debug, Default)]
pub struct Vendor {
    exchanges: Vec<Planned>,
    in_order: bool,
    credential: Option<String>,
    otherwise: Option<(Answer, Option<Fault>)>,
    journal: Vec<Received>,
    problems: Vec<Problem>,
    passed_ms: u64,
}

#[derive(Clone, Debug)]
struct Planned {
    exchange: Exchange,
    made: u32,
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// It is refused.
    Refused,
    /// Nobody answers.
    TimedOut,
    /// The certificate is wrong.
    Tls,
}

/// Something that did not go as the test says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A request that nothing expected.
    Unexpected {
        /// The method and the URL without its query.
        request: String,
        /// The expectation that comes nearest, with the number of its exchange from 1, and in what it differs.
        nearest: Option<(usize, String, Vec<String>)>,
    },
    /// An expectation that was not met as often as it should be.
    Unmet {
        /// The number of its exchange, from 1.
        exchange: usize,
        /// The method and the URL that were expected.
        request: String,
        /// How often it was expected.
        expected: u32,
        /// How often it came.
        made: u32,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected { request, nearest: None } => {
                write!(f, "{request} was not expected, and nothing is expected any more")
            }
            Self::Unexpected { request, nearest: Some((at, nearest, differences)) } => {
                write!(f, "{request} was not expected; the nearest is exchange {at} ({nearest})")?;
                for (i, difference) in differences.iter().enumerate() {
                    write!(f, "{} {difference}", if i == 0 { ":" } else { ";" })?;
                }
                Ok(())
            }
            Self::Unmet { exchange, request, expected, made } => {
                write!(
                    f,
                    "exchange {exchange} ({request}) was expected {expected} times and came {made} times"
                )
            }
        }
    }
}

impl Planned {
    fn is_open(&self) -> bool {
        match self.exchange.times {
            Times::Any => true,
            Times::Exactly(times) => self.made < times,
        }
    }

    /// Whether what comes behind it may come now.
    fn lets_by(&self) -> bool {
        match self.exchange.times {
            Times::Any => true,
            Times::Exactly(times) => self.made >= times,
        }
    }
}

impl Vendor {
    /// A vendor that expects these, in any order. Where several fit a request, the first of them is taken.
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        let exchanges = exchanges.into_iter().map(|exchange| Planned { exchange, made: 0 }).collect();
        Self { exchanges, ..Self::default() }
    }

    /// The same, which expects them in their order.
    #[must_use]
    pub fn in_order(self) -> Self {
        Self { in_order: true, ..self }
    }

    /// What `{credential}` in an expected header stands for.
    #[must_use]
    pub fn with_credential(self, credential: &str) -> Self {
        Self { credential: Some(credential.to_owned()), ..self }
    }

    /// A vendor that gives every request this answer, or fails in this way; what it expects goes before.
    #[must_use]
    pub fn otherwise(self, answer: Answer, fault: Option<Fault>) -> Self {
        Self { otherwise: Some((answer, fault)), ..self }
    }

    /// The same with an exchange that may come at any time, unless there is one already for what it expects.
    #[must_use]
    pub fn beside(mut self, exchange: Exchange) -> Self {
        let line = exchange.request.line();
        let is_there = |planned: &Planned| planned.exchange.request.line() == line;
        if !self.exchanges.iter().any(is_there) {
            // At the end, so that the numbers of the others stay theirs.
            self.exchanges.push(Planned { exchange: exchange.any_times(), made: 0 });
        }
        self
    }

    /// Somebody connects. A fault of connecting is met in the order of the exchanges at this origin.
    pub fn connect(&mut self, origin: &str) -> Result<(), Unreachable> {
        let here = |planned: &&mut Planned| {
            let wanted = planned.exchange.request.origin();
            planned.is_open() && wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(origin))
        };
        let next = self.exchanges.iter_mut().find(here);
        let planned =
            next.filter(|planned| planned.exchange.fault.as_ref().is_some_and(Fault::is_of_connecting));
        let fault = match (planned, &self.otherwise) {
            (Some(planned), _) => {
                planned.made += 1;
                planned.exchange.fault.clone()
            }
            (None, Some((_, fault))) => fault.clone(),
            (None, None) => None,
        };
        match fault {
            Some(Fault::Refused) => Err(Unreachable::Refused),
            Some(Fault::Unreachable) => Err(Unreachable::TimedOut),
            Some(Fault::Tls) => Err(Unreachable::Tls),
            _ => Ok(()),
        }
    }

    /// A request came.
    pub fn answer(&mut self, request: &Received) -> Answer {
        let answer = self.choose(request);
        self.passed_ms = self.passed_ms.saturating_add(answer.after_ms);
        if self.journal.len() < JOURNAL_MAX {
            self.journal.push(request.clone());
        }
        answer
    }

    fn choose(&mut self, request: &Received) -> Answer {
        let credential = self.credential.as_deref();
        let mut nearest: Option<(usize, Vec<String>)> = None;
        let mut held = false;
        for (at, planned) in self.exchanges.iter_mut().enumerate() {
            // In order, only what may come at any time may come before what is due.
            if !planned.is_open() || (held && planned.exchange.times != Times::Any) {
                continue;
            }
            let differences = planned.exchange.request.differences(request, credential);
            if differences.is_empty() {
                return answer_of(planned, request);
            }
            if nearest.as_ref().is_none_or(|(_, least)| differences.len() < least.len()) {
                nearest = Some((at, differences));
            }
            held |= self.in_order && !planned.lets_by();
        }
        if let Some((answer, fault)) = &self.otherwise {
            return fault.as_ref().map_or_else(|| answer.clone(), |fault| answer.clone().spoilt_by(fault));
        }
        let nearest = nearest.and_then(|(at, differences)| {
            Some((at + 1, self.exchanges.get(at)?.exchange.request.line(), differences))
        });
        let problem = Problem::Unexpected { request: request.line(), nearest };
        let answer = Answer::json(501, &json!({"error": format!("the test: {problem}")}));
        if self.problems.len() < PROBLEMS_MAX && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
        answer
    }

    /// What did not go as the exchanges say: requests that nothing expected, and expectations that were not met.
    pub fn problems(&self) -> Vec<Problem> {
        let unmet = self.exchanges.iter().enumerate().filter_map(|(at, planned)| {
            let Times::Exactly(expected) = planned.exchange.times else { return None };
            let (made, request) = (planned.made, planned.exchange.request.line());
            (made < expected).then_some(Problem::Unmet { exchange: at + 1, request, expected, made })
        });
        self.problems.iter().cloned().chain(unmet).collect()
    }

    /// Every request that came, in order.
    pub fn requests(&self) -> &[Received] {
        &self.journal
    }

    /// Which exchanges were used, by their numbers from 1.
    pub fn used(&self) -> Vec<usize> {
        let used = self.exchanges.iter().enumerate().filter(|(_, planned)| planned.made > 0);
        used.map(|(at, _)| at + 1).collect()
    }

    /// How much time passed at the vendor.
    pub fn passed_ms(&self) -> u64 {
        self.passed_ms
    }
}

fn answer_of(planned: &mut Planned, request: &Received) -> Answer {
    let Exchange { reply, fault, .. } = &planned.exchange;
    let answer = reply.answer(request);
    match fault {
        Some(Fault::ExpiredToken { header, until }) if !request.values(header).contains(until) => {
            answer.spoilt_by(&Fault::ExpiredToken { header: header.clone(), until: until.clone() })
        }
        Some(Fault::ExpiredToken { .. }) | None => {
            planned.made += 1;
            answer
        }
        Some(fault) => {
            planned.made += 1;
            answer.spoilt_by(fault)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: &str = "https://api.example.com/v1/orders";

    fn get(url: &str) -> Received {
        Received::new("GET", url)
    }

    #[test]
    fn what_was_not_expected_is_told_with_the_nearest_expectation() {
        let mut vendor = Vendor::new(vec![
            Exchange::new("POST", "https://other.example/x").header("a", "b"),
            Exchange::get(ORDERS).query("limit", "2"),
        ]);
        assert_eq!(vendor.answer(&get(&format!("{ORDERS}?limit=3"))).status, 501);
        let problems: Vec<String> = vendor.problems().iter().map(Problem::to_string).collect();
        assert_eq!(
            problems,
            [
                "GET https://api.example.com/v1/orders was not expected; the nearest is exchange 2 \
                 (GET https://api.example.com/v1/orders): the query parameter limit is \"3\"; expected \"2\"",
                "exchange 1 (POST https://other.example/x) was expected 1 times and came 0 times",
                "exchange 2 (GET https://api.example.com/v1/orders) was expected 1 times and came 0 times",
            ]
        );
    }

    #[test]
    fn order_counts_where_it_is_asked_for() {
        let exchanges = || vec![Exchange::get(&format!("{ORDERS}/1")), Exchange::get(&format!("{ORDERS}/2"))];
        let two = get(&format!("{ORDERS}/2"));
        assert_eq!(Vendor::new(exchanges()).answer(&two).status, 200);
        assert_eq!(Vendor::new(exchanges()).in_order().answer(&two).status, 501);
    }

    #[test]
    fn an_exchange_is_over_when_it_came_as_often_as_it_says() {
        let mut vendor =
            Vendor::new(vec![Exchange::get(ORDERS).times(2), Exchange::get(ORDERS).replies(404)]);
        let statuses: Vec<u16> = (0..4).map(|_| vendor.answer(&get(ORDERS)).status).collect();
        assert_eq!(statuses, [200, 200, 404, 501]);
        assert_eq!(vendor.requests().len(), 4);
    }

    #[test]
    fn a_connection_is_refused_once_and_then_made() {
        let mut vendor =
            Vendor::new(vec![Exchange::get(ORDERS).fails(Fault::Refused), Exchange::get(ORDERS)]);
        assert_eq!(vendor.connect("https://api.example.com"), Err(Unreachable::Refused));
        assert_eq!(vendor.connect("https://api.example.com"), Ok(()));
        assert_eq!(vendor.answer(&get(ORDERS)).status, 200);
        assert!(vendor.problems().is_empty());
    }

    #[test]
    fn an_expired_token_is_refused_until_it_is_replaced() {
        let fault = Fault::ExpiredToken { header: "authorization".into(), until: "Bearer fresh".into() };
        let mut vendor = Vendor::new(vec![Exchange::get(ORDERS).fails(fault)]);
        assert_eq!(vendor.answer(&get(ORDERS).header("authorization", "Bearer stale")).status, 401);
        assert_eq!(vendor.answer(&get(ORDERS).header("Authorization", "Bearer fresh")).status, 200);
        assert!(vendor.problems().is_empty());
    }
}
