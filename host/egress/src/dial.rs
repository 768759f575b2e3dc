//! Clients that can reach one name at its vetted addresses and nothing else.
//!
//! A client's pin never changes: another answer for the same name is another client, with connections of its own.
//! So neither a concurrent request nor a kept connection can end at an address that this request's policy did not see.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::options::EgressOptions;
use crate::tls::Tls;

/// How many pins one tenant keeps warm; beyond, the one that was not used for longest is closed.
const PINS_MAX: usize = 32;
/// As many as a tenant may have under way: fewer, and each round of a batch would open connections anew.
const IDLE_PER_PIN_MAX: usize = 32;
/// Below the five seconds after which common servers close an idle connection: reusing one that is being closed
/// loses the request, and a lost request may have been sent.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pin {
    host: String,
    /// Sorted: a name server may rotate its answers.
    addresses: Vec<IpAddr>,
}

/// One tenant's clients, the most recently used last.
#[derive(Default)]
pub(crate) struct Dials(Mutex<Vec<(Pin, Client)>>);

impl Dials {
    pub(crate) fn client(
        &self,
        host: &str,
        addresses: &[IpAddr],
        tls: &Tls,
        options: &EgressOptions,
    ) -> Result<Client, reqwest::Error> {
        let mut sorted = addresses.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let pin = Pin { host: host.to_owned(), addresses: sorted };
        // Building takes microseconds and does no I/O, so it may happen under the lock.
        let mut pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match pins.iter().position(|(kept, _)| *kept == pin) {
            Some(at) => pins.remove(at),
            None => {
                let client = build(host, addresses, tls, options)?;
                (pin, client)
            }
        };
        let client = entry.1.clone();
        pins.push(entry);
        let surplus = pins.len().saturating_sub(PINS_MAX);
        pins.drain(..surplus);
        Ok(client)
    }
}

fn build(
    host: &str,
    addresses: &[IpAddr],
    tls: &Tls,
    options: &EgressOptions,
) -> Result<Client, reqwest::Error> {
    // Port 0 means "the URL's port"; any other would override it.
    let addresses = addresses.iter().map(|address| SocketAddr::new(*address, 0)).collect();
    Client::builder()
        .tls_backend_preconfigured(tls.for_one_client())
        .dns_resolver(Pinned { host: host.to_owned(), addresses })
        // A proxy from the environment would dial for us, past the vetted addresses.
        .no_proxy()
        // Every hop and every further attempt is a decision, and decisions are made above.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        // Decoding here would have no cap, should another crate of the build switch it on.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .http1_only()
        .http1_max_headers(options.response_headers_max)
        .connect_timeout(Duration::from_millis(options.connect_timeout_ms))
        .pool_max_idle_per_host(IDLE_PER_PIN_MAX)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build()
}

/// Answers for one name. The client does not ask for literal addresses: those are vetted before there is a client.
struct Pinned {
    host: String,
    addresses: Arc<[SocketAddr]>,
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        let answer = if name.as_str().eq_ignore_ascii_case(&self.host) {
            let addresses = Arc::clone(&self.addresses);
            let all = (0..addresses.len()).filter_map(move |at| addresses.get(at).copied());
            Ok(Box::new(all) as Addrs)
        } else {
            Err(Box::from("this name was not vetted"))
        };
        Box::pin(std::future::ready(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn pins(dials: &Dials) -> usize {
        dials.0.lock().unwrap().len()
    }

    #[tokio::test]
    async fn a_name_that_was_not_vetted_has_no_address() {
        let pinned =
            Pinned { host: "a.test".to_owned(), addresses: Arc::new([SocketAddr::new(ip("192.0.2.1"), 0)]) };
        let found: Vec<_> = pinned.resolve("A.test".parse().unwrap()).await.unwrap().collect();
        assert_eq!(found, [SocketAddr::new(ip("192.0.2.1"), 0)]);
        assert!(pinned.resolve("b.test".parse().unwrap()).await.is_err());
    }

    #[test]
    fn another_answer_is_another_client_and_their_number_is_bounded() {
        let (dials, tls, options) = (Dials::default(), Tls::new(None).unwrap(), EgressOptions::default());
        let dial = |host: &str, addresses: &[IpAddr]| dials.client(host, addresses, &tls, &options).unwrap();
        dial("a.test", &[ip("192.0.2.1"), ip("192.0.2.2")]);
        dial("a.test", &[ip("192.0.2.2"), ip("192.0.2.1")]);
        assert_eq!(pins(&dials), 1);
        dial("a.test", &[ip("192.0.2.1")]);
        assert_eq!(pins(&dials), 2);
        for at in 0..100 {
            dial(&format!("{at}.test"), &[ip("192.0.2.1")]);
        }
        assert_eq!(pins(&dials), PINS_MAX);
    }
}
