//! Names as the operating system resolves them: bounded in number.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::injected::{Later, NameError};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Each look-up occupies a thread until the system's resolver gives up, which may be long after we did.
const LOOKUPS_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 253;

/// The resolver of a real host. Names are absolute: the system's search domains do not apply to a name with a dot,
/// and neither does a hosts file that spells it without the final one.
///
/// A look-up ends when the system's does, which may be long: the door gives up earlier, and goes on counting it.
#[derive(Clone)]
pub struct SystemResolver {
    lookups: Arc<Semaphore>,
    wait: Duration,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new(5_000)
    }
}

impl SystemResolver {
    /// `wait_ms`: how long a look-up waits for its turn.
    pub fn new(wait_ms: u64) -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)), wait: Duration::from_millis(wait_ms) }
    }

    async fn lookup(&self, host: &str) -> Result<Vec<IpAddr>, NameError> {
        let name = absolute(host).ok_or(NameError::NotFound)?;
        let turn = timeout(self.wait, Arc::clone(&self.lookups).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(NameError::Unavailable) };
        // A task of its own holds the turn until the thread is free again, even when nobody waits for it any more.
        let lookup = tokio::spawn(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map(|found| found.map(|address| address.ip()).collect::<Vec<_>>());
            drop(turn);
            found
        });
        match lookup.await {
            Ok(Ok(found)) if found.is_empty() => Err(NameError::NotFound),
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(classify(&error)),
            Err(_) => Err(NameError::Unavailable),
        }
    }
}

impl domain::Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Later<'a, Result<Vec<IpAddr>, NameError>> {
        Box::pin(self.lookup(host))
    }
}

fn absolute(host: &str) -> Option<String> {
    let bare = host.strip_suffix('.').unwrap_or(host);
    if bare.is_empty() || bare.len() > NAME_BYTES_MAX || bare.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    Some(if bare.contains('.') { format!("{bare}.") } else { bare.to_owned() })
}

/// The system tells its reasons apart only by text. What is not surely final is worth another try.
fn classify(error: &io::Error) -> NameError {
    let text = error.to_string();
    let unknown = ["not known", "No address associated", "No such host"];
    if unknown.iter().any(|part| text.contains(part)) { NameError::NotFound } else { NameError::Unavailable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_dot_is_made_absolute() {
        assert_eq!(absolute("api.example.com").as_deref(), Some("api.example.com."));
        assert_eq!(absolute("api.example.com.").as_deref(), Some("api.example.com."));
        assert_eq!(absolute("localhost").as_deref(), Some("localhost"));
    }

    #[test]
    fn what_no_name_can_be_is_not_asked_for() {
        for host in ["", ".", "a\0b.example", &"a.".repeat(200)] {
            assert_eq!(absolute(host), None, "{host:?}");
        }
    }

    #[tokio::test]
    async fn localhost_is_the_systems_own() {
        let found = SystemResolver::new(2_000).lookup("localhost").await.unwrap();
        assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty(), "{found:?}");
    }

    #[tokio::test]
    async fn no_time_is_no_answer() {
        let resolver = SystemResolver::new(2_000);
        let _all = Arc::clone(&resolver.lookups).acquire_many_owned(32).await.unwrap();
        let hurried = SystemResolver { wait: Duration::from_millis(10), ..resolver };
        assert_eq!(hurried.lookup("localhost").await, Err(NameError::Unavailable));
    }
}
