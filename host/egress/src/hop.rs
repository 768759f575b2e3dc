//! One hop, in order: pace, turn, address, credential, wire, body, scrub.

use std::time::Duration;

use domain::Credentials;
use domain::egress::{Permit, Response, Wire, response_headers};
use domain::exchange::SendFailure;
use reqwest::header::LOCATION;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use crate::door::{Inner, Refusal, Sender};
use crate::incoming::{self, Bounds};
use crate::row::Row;
use crate::scrub::Scrubber;
use crate::tenants::Tenant;
use crate::written::Written;
use crate::{addresses, credential, failure, outgoing, redirect};

pub(crate) struct Hop<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) tenant: &'a Tenant,
    pub(crate) sender: &'a Sender,
    pub(crate) credentials: &'a dyn Credentials,
    pub(crate) deadline: Instant,
}

pub(crate) enum Outcome {
    Answer(Response),
    /// To be followed, if the policy agrees. Its body is not read.
    Redirect {
        response: Response,
        target: String,
    },
}

impl Hop<'_> {
    pub(crate) async fn make(
        &self,
        permit: &mut Permit<Wire>,
        turn: &mut Option<OwnedSemaphorePermit>,
        row: &mut Row,
    ) -> Result<Outcome, Refusal> {
        // The pace comes before the turn, so that a profile that has to wait does not hold what others could use.
        if let Some(profile) = &self.sender.profile {
            self.tenant.paces.wait(profile, permit.policy(), self.deadline).await?;
        }
        if turn.is_none() {
            *turn = Some(self.tenant.turn(self.deadline).await?);
        }
        let until = self.deadline.min(after_ms(self.inner.options.connect_timeout_ms));
        let vetted = addresses::vetted(permit, &*self.inner.resolver, until).await?;
        let credential = credential::for_origin(self.sender, permit, self.credentials, self.deadline).await?;
        let scrubber = match &credential {
            Some(credential) => {
                row.note_credential(credential);
                Scrubber::new(credential).map_err(|_| credential::unsearchable())?
            }
            None => Scrubber::default(),
        };

        let span = self.inner.next_span();
        let (request, written) =
            outgoing::build(permit, credential.as_ref(), &self.sender.correlation, span)?;
        let client = self
            .tenant
            .dials
            .client(vetted.origin().host(), vetted.addresses(), &self.inner.tls, &self.inner.options)
            .map_err(|_| failure::not_built("the client refuses its options"))?;
        let response = self.head(&client, request, &written).await?;

        let status = response.status().as_u16();
        let location = response.headers().get(LOCATION).map(|location| location.as_bytes());
        if let Some(target) = redirect::target(permit, status, location, credential.as_ref(), &scrubber) {
            let headers = response.headers().iter();
            let headers = headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
            let response = Response { status, headers: headers.collect(), body: Vec::new() };
            return Ok(Outcome::Redirect { response: scrubbed(response, &scrubber), target });
        }
        let bounds = Bounds {
            bytes_max: permit.response_bytes(),
            idle: Duration::from_millis(self.inner.options.idle_timeout_ms),
            deadline: self.deadline,
        };
        let bodyless = permit.method() == domain::egress::Method::Head;
        let response = incoming::read(response, bodyless, &bounds).await?;
        Ok(Outcome::Answer(scrubbed(response, &scrubber)))
    }

    /// Connects, writes, and waits for the head of the answer.
    async fn head(
        &self,
        client: &reqwest::Client,
        request: reqwest::Request,
        written: &Written,
    ) -> Result<reqwest::Response, SendFailure> {
        let options = &self.inner.options;
        // The client counts the time to connect itself; the rest is for the first byte.
        let waited_ms = options.connect_timeout_ms.saturating_add(options.first_byte_timeout_ms);
        let until = self.deadline.min(after_ms(waited_ms));
        // Polled even once, the client might send in a time that is over.
        if Instant::now() >= self.deadline {
            return Err(failure::busy());
        }
        let response = match timeout_at(until, client.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure::of_request(&error, written)),
            Err(_) => return Err(failure::timeout(written.perhaps(), "answer")),
        };
        incoming::check_head(&response, options)?;
        Ok(response)
    }
}

/// Bounded options keep this far from the end of time.
fn after_ms(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms)
}

/// Cookies and hop-by-hop headers go first: they are the host's, and the guest's share is what gets masked.
fn scrubbed(response: Response, scrubber: &Scrubber) -> Response {
    let mut headers = response_headers(response.headers);
    scrubber.headers(&mut headers);
    Response { status: response.status, headers, body: scrubber.body(response.body) }
}
