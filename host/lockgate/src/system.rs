//! The machine's own clock and randomness: the one place where they are not injected.

use domain::{Clock, Randomness, Timestamp};

use crate::error::{Error, Kind};

/// The wall clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is handed")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandomness;

impl Randomness for OsRandomness {
    #[expect(clippy::disallowed_methods, reason = "this is the randomness that everybody else is handed")]
    #[expect(
        clippy::expect_used,
        reason = "keys and identifiers without randomness would be worse than no host"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Does what reads and writes files where a worker can spare the time.
pub(crate) async fn off_the_workers<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let stopped =
        |_| Error::new(Kind::Internal, "stopped", "the host stopped in the middle of its work; try again");
    tokio::task::spawn_blocking(work).await.map_err(stopped)
}
