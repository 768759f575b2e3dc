//! A worker from its start to its end, and what it said before that.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::plan::End;
use crate::worker::Order;

/// How long a worker may take until it is ready; beyond, something holds it up.
const READY_MAX: Duration = Duration::from_secs(120);
/// How long a named point is waited for before the life is ended where it is.
const POINT_MAX: Duration = Duration::from_millis(2_500);
const DRAIN_MAX: Duration = Duration::from_secs(300);

/// How it came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Killed at the point that was asked for.
    AtPoint,
    /// Killed at a moment of no name.
    AtAnyMoment,
    /// It was to be drained, and is.
    Drained,
    /// It ended although nobody killed it.
    ByItself,
}

pub struct Lived {
    pub ended: Ended,
    /// What it was told is durable: the words behind `ack`.
    pub acknowledged: Vec<String>,
}

pub fn live(order: &Order, end: Option<End>, log: &Path) -> Lived {
    let mut child = spawn(order, log);
    let (lines, reader) = listen(&mut child);
    let mut heard = Heard { lines, acknowledged: Vec::new() };
    let began = Instant::now();
    let ended = match end {
        None => heard.wait(&["drained"], DRAIN_MAX).map_or(Ended::ByItself, |_| Ended::Drained),
        // Also while it starts: what a start writes is cut off as well.
        Some(End::After(moment)) if moment.as_millis().is_multiple_of(4) => {
            std::thread::sleep(moment);
            Ended::AtAnyMoment
        }
        Some(end) => match heard.wait(&["ready", "at"], READY_MAX) {
            None => Ended::ByItself,
            Some(said) if said == "at" => Ended::AtPoint,
            Some(_) => match end {
                End::After(moment) => {
                    std::thread::sleep(moment);
                    Ended::AtAnyMoment
                }
                End::At { .. } => {
                    heard.wait(&["at"], POINT_MAX).map_or(Ended::AtAnyMoment, |_| Ended::AtPoint)
                }
            },
        },
    };
    if ended == Ended::Drained {
        child.wait().unwrap();
    }
    let by_itself = child.try_wait().unwrap().is_some() && ended != Ended::Drained;
    // On this system it is a SIGKILL. One that has ended already is not killed again.
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    heard.rest();
    assert!(began.elapsed() < READY_MAX + DRAIN_MAX, "a life took too long");
    Lived { ended: if by_itself { Ended::ByItself } else { ended }, acknowledged: heard.acknowledged }
}

fn spawn(order: &Order, log: &Path) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
    Command::new(std::env::current_exe().unwrap())
        .arg("worker")
        .args(order.words())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn listen(child: &mut Child) -> (Receiver<String>, std::thread::JoinHandle<()>) {
    let (send, lines) = mpsc::channel();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut line = String::new();
        // A line without its end was cut off: what it says was not said.
        while out.read_line(&mut line).is_ok_and(|bytes| bytes > 0) && line.ends_with('\n') {
            if send.send(line.trim_end().to_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
    (lines, reader)
}

struct Heard {
    lines: Receiver<String>,
    acknowledged: Vec<String>,
}

impl Heard {
    /// Waits for one of these lines. None: it did not come in time, or the worker has ended.
    fn wait(&mut self, wanted: &[&str], most: Duration) -> Option<String> {
        let until = Instant::now() + most;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if wanted.contains(&line.as_str()) => return Some(line),
                Ok(line) => self.note(&line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn rest(&mut self) {
        while let Ok(line) = self.lines.recv() {
            self.note(&line);
        }
    }

    fn note(&mut self, line: &str) {
        self.acknowledged.extend(line.strip_prefix("ack ").map(str::to_owned));
    }
}
