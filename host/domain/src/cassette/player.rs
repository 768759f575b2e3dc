//! Answers a guest's host calls from a cassette, and stops where the guest leaves it.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::compare::{Difference, Divergence, asked_difference, outcome_difference};
use super::host_call::{Answer, Asked, HttpAnswer, HttpRequest};
use super::judge::{Judged, Pool};
use super::mask::{fingerprint_stand_in, hmac_stand_in};
use super::timers::{Timers, Wait};
use super::{Bytes, Cassette, Outcome};
use crate::call::Fault;

const MILLISECOND_NS: u64 = 1_000_000;

/// How closely a guest has to follow the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The same host calls in the same order: for the same component, or to see where another one differs first.
    Exact,
    /// Only what it sends and what it returns counts, for another version of the connector: log lines, clocks and random
    /// bytes may be used otherwise.
    Judge,
}

/// Why there is no answer: the call ends here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The guest left the recording.
    Diverged,
    /// The recorded call was over here.
    Ended,
}

/// What became of a timer that a guest waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    Yes,
    /// Another one is due before it.
    NotYet,
    /// The call had no time for it: it ends here, as a call in real time would.
    CallIsOver,
}

/// Plays one cassette to one call.
#[derive(Debug)]
pub struct Player {
    cassette: Arc<Cassette>,
    mode: Mode,
    /// The next host call of the recording.
    at: usize,
    divergence: Option<Divergence>,
    ended: bool,
    pool: Pool,
    wall: Series,
    monotonic: Series,
    timers: Timers,
    /// Where recorded random bytes are looked for next.
    random_at: usize,
    /// Random bytes that were made up.
    drawn: u64,
}

/// Readings of one clock, in order. After the last one, it goes on by what passes in the replay.
#[derive(Debug)]
struct Series {
    at: usize,
    last: u64,
    /// When it was read last, in nanoseconds since the call began.
    read_ns: u64,
    /// Nanoseconds of what it counts in.
    unit_ns: u64,
    /// It shows whole ones of so many units.
    step: u64,
}

impl Player {
    pub fn new(cassette: Arc<Cassette>, mode: Mode) -> Self {
        let pool = if mode == Mode::Judge { Pool::of(&cassette) } else { Pool::default() };
        let recorded_at = u64::try_from(cassette.recorded_at.as_ms()).unwrap_or(0);
        let wall = Series { at: 0, last: recorded_at, read_ns: 0, unit_ns: MILLISECOND_NS, step: 1 };
        let monotonic = Series { at: 0, last: 0, read_ns: 0, unit_ns: 1, step: MILLISECOND_NS };
        Self {
            cassette,
            mode,
            at: 0,
            divergence: None,
            ended: false,
            pool,
            wall,
            monotonic,
            timers: Timers::default(),
            random_at: 0,
            drawn: 0,
        }
    }

    pub fn cassette(&self) -> &Cassette {
        &self.cassette
    }

    /// The answer to what the guest asks now. Once there was none, there is none any more.
    pub fn answer(&mut self, asked: &Asked) -> Result<Answer, Stopped> {
        if self.ended {
            return Err(Stopped::Ended);
        }
        if self.divergence.is_some() {
            return Err(Stopped::Diverged);
        }
        let answer = match self.mode {
            Mode::Exact => self.exact(asked),
            Mode::Judge => self.judged(asked),
        };
        if let (Asked::MonotonicClock, Ok(Answer::Time(time))) = (asked, &answer) {
            self.timers.is_at_least(*time);
            self.monotonic.read_ns = self.monotonic.read_ns.max(*time);
        }
        answer
    }

    /// When a timer is due that is set now.
    pub fn due_ns(&self, after_ns: u64) -> u64 {
        self.timers.now_ns().saturating_add(after_ns)
    }

    /// Whether a timer has passed already.
    pub fn has_passed(&self, due_ns: u64) -> bool {
        due_ns <= self.timers.now_ns()
    }

    /// Somebody waits for a timer that is due then, until `leave`.
    pub fn wait(&mut self, due_ns: u64) -> Wait {
        self.timers.wait(due_ns)
    }

    /// Whether the timer passes now. Ask when everybody who waits at once has said so.
    pub fn passes(&mut self, wait: Wait) -> Passed {
        let timed_out =
            matches!(&self.cassette.outcome, Outcome::Failed(failure) if failure.fault == Fault::WallLimit);
        // The recorded call did nothing more than to wait, and had no time for it.
        let was_waiting = self.mode == Mode::Exact && timed_out && self.at >= self.cassette.host_calls.len();
        if was_waiting {
            self.ended = true;
            return Passed::CallIsOver;
        }
        if !self.timers.passes(wait) {
            return Passed::NotYet;
        }
        if self.timers.now_ns() >= self.cassette.limits.wall_ms.saturating_mul(MILLISECOND_NS) {
            self.ended = timed_out;
            return Passed::CallIsOver;
        }
        Passed::Yes
    }

    /// Nobody waits for the timer any more.
    pub fn leave(&mut self, wait: Wait) {
        self.timers.leave(wait);
    }

    fn exact(&mut self, asked: &Asked) -> Result<Answer, Stopped> {
        let at = self.at;
        let Some(host_call) = self.cassette.host_calls.get(at) else {
            let difference = Difference {
                place: String::new(),
                expected: "the end of the call".to_owned(),
                got: asked.name(),
            };
            self.divergence = Some(difference.at(Some(at), "after the last host call".to_owned()));
            return Err(Stopped::Diverged);
        };
        if let Some(difference) = asked_difference(&host_call.asked, asked) {
            self.divergence = Some(difference.at(Some(at), host_call.asked.name()));
            return Err(Stopped::Diverged);
        }
        self.at += 1;
        if host_call.answer == Answer::Ended {
            self.ended = true;
            return Err(Stopped::Ended);
        }
        Ok(host_call.answer.clone())
    }

    fn judged(&mut self, asked: &Asked) -> Result<Answer, Stopped> {
        match asked {
            Asked::Send(request) => self.requests(std::slice::from_ref(request)),
            Asked::SendAll(requests) => self.requests(requests),
            Asked::OpenSecret { .. } => Ok(self.same_question(asked).unwrap_or(Answer::Done)),
            Asked::Hmac { secret, algorithm, data } => Ok(self
                .same_question(asked)
                .unwrap_or_else(|| Answer::Bytes(Bytes(hmac_stand_in(secret, *algorithm, &data.0))))),
            Asked::Fingerprint { secret } => {
                Ok(self.same_question(asked).unwrap_or_else(|| Answer::Text(fingerprint_stand_in(secret))))
            }
            Asked::Log { .. } | Asked::Stdio { .. } | Asked::Config | Asked::Scopes => Ok(Answer::Done),
            Asked::WallClock => Ok(Answer::Time(self.wall.next(&self.cassette, asked, self.timers.now_ns()))),
            Asked::MonotonicClock => {
                Ok(Answer::Time(self.monotonic.next(&self.cassette, asked, self.timers.now_ns())))
            }
            Asked::Random { bytes } => Ok(Answer::Bytes(self.chance(*bytes))),
        }
    }

    /// The recorded answer to just this question, wherever it stands.
    fn same_question(&self, asked: &Asked) -> Option<Answer> {
        let mut same = self.cassette.host_calls.iter().filter(|host_call| host_call.asked == *asked);
        same.find(|host_call| host_call.answer != Answer::Ended).map(|host_call| host_call.answer.clone())
    }

    fn requests(&mut self, requests: &[HttpRequest]) -> Result<Answer, Stopped> {
        let answers: Result<Vec<HttpAnswer>, Stopped> =
            requests.iter().map(|request| self.pool.answer(request)).collect();
        match answers {
            Ok(answers) => Ok(Answer::Http(answers)),
            Err(stopped) => {
                self.ended = stopped == Stopped::Ended;
                self.divergence = self.pool.stopped_at();
                Err(stopped)
            }
        }
    }

    /// The recorded random bytes in their order, and where a version wants others, some that every replay gets.
    fn chance(&mut self, bytes: u64) -> Bytes {
        let asked = Asked::Random { bytes };
        let recorded = self.cassette.host_calls.iter().enumerate().skip(self.random_at);
        let found = recorded.filter(|(_, host_call)| host_call.asked == asked).find_map(|(at, host_call)| {
            let Answer::Bytes(answer) = &host_call.answer else { return None };
            Some((at + 1, answer.clone()))
        });
        match found {
            Some((next, answer)) => {
                self.random_at = next;
                answer
            }
            None => Bytes(self.draw(bytes)),
        }
    }

    /// Random bytes that are the same in every replay.
    fn draw(&mut self, bytes: u64) -> Vec<u8> {
        let wanted = usize::try_from(bytes).unwrap_or(usize::MAX).min(64 << 10);
        let mut drawn = Vec::with_capacity(wanted);
        while drawn.len() < wanted {
            let block = Sha256::digest(
                [b"lockgate cassette random\0".as_slice(), &self.drawn.to_le_bytes()].concat(),
            );
            self.drawn += 1;
            drawn.extend(block.iter().take(wanted - drawn.len()));
        }
        drawn
    }

    /// Where the guest left the recording: at a host call, by leaving some out, or with its outcome.
    pub fn end(self, outcome: &Outcome) -> Option<Divergence> {
        if self.divergence.is_some() || self.ended {
            return self.divergence;
        }
        if let Some(left_out) = self.cassette.host_calls.get(self.at) {
            let difference = Difference {
                place: String::new(),
                expected: left_out.asked.name(),
                got: format!("the end of the call ({})", outcome.code()),
            };
            return Some(difference.at(Some(self.at), left_out.asked.name()));
        }
        outcome_difference(&self.cassette.outcome, outcome)
            .map(|found| found.at(None, "the outcome".to_owned()))
    }

    /// What the call tells of the version that made it.
    pub fn judge(self, outcome: &Outcome) -> Judged {
        Judged::of(&self.cassette, self.pool, self.divergence, self.ended, outcome)
    }

    /// Whether the recorded call was over before the guest had an answer: its outcome is the recorded one.
    pub fn is_ended(&self) -> bool {
        self.ended
    }
}

impl Series {
    fn next(&mut self, cassette: &Cassette, asked: &Asked, now_ns: u64) -> u64 {
        let found =
            cassette.host_calls.iter().enumerate().skip(self.at).find(|(_, call)| call.asked == *asked);
        match found {
            Some((at, host_call)) => {
                self.at = at + 1;
                if let Answer::Time(time) = host_call.answer {
                    self.last = time;
                }
                self.read_ns = now_ns;
            }
            // A version that waits until a clock shows a time must get there.
            None => {
                let step_ns = self.unit_ns.saturating_mul(self.step).max(1);
                let steps = now_ns.saturating_sub(self.read_ns) / step_ns;
                self.last = self.last.saturating_add(steps.saturating_mul(self.step));
                self.read_ns = self.read_ns.saturating_add(steps.saturating_mul(step_ns));
            }
        }
        self.last
    }
}
