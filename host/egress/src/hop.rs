//! One hop, in order: pace, turn, address, credential, wire, body, scrub, and whether it is worth another try.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::egress::{Credential, Permit, Response, Vetted, Wire, response_headers};
use domain::exchange::SendFailure;
use domain::{Credentials, FailureCode};
use http::Request;
use http::header::LOCATION;
use hyper::body::Incoming;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::connection::Connection;
use crate::dial::Dial;
use crate::door::{Inner, Refusal, Sender};
use crate::idle::Pin;
use crate::incoming::{self, Bounds, Head};
use crate::options::Patience;
use crate::row::Row;
use crate::scrub::Scrubber;
use crate::tenants::{Tenant, Turn};
use crate::written::{Observed, Written};
use crate::{addresses, credential, failure, outgoing, redirect};

pub(crate) struct Hop<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) tenant: &'a Tenant,
    pub(crate) sender: &'a Sender,
    pub(crate) credentials: &'a dyn Credentials,
    pub(crate) deadline: Instant,
    pub(crate) patience: Patience,
}

/// An answer whose head is there, and the connection on which its body will come.
struct Answered {
    response: http::Response<Incoming>,
    connection: Connection,
}

pub(crate) enum Outcome {
    Answer(Response),
    /// To be followed, if the policy agrees. Its body is not read.
    Redirect {
        response: Response,
        target: String,
    },
    /// The credential was refused and there is another one: to be sent once more, if the budget agrees.
    Renewed(Response),
}

impl Hop<'_> {
    pub(crate) async fn make(
        &self,
        permit: &Permit<Wire>,
        body: &mut Bytes,
        turn: &mut Option<Turn>,
        sent_with: &mut Vec<Credential>,
        row: &mut Row,
    ) -> Result<Outcome, Refusal> {
        // The pace comes before the turn, so that a profile that has to wait does not hold what others could use.
        if let Some(profile) = &self.sender.profile {
            self.tenant.paces.wait(profile, permit.policy(), permit.cost(), self.deadline).await?;
        }
        let until = self.deadline.min(after_ms(self.patience.connect_ms(&self.inner.options)));
        if turn.is_none() {
            *turn = Some(self.inner.tenants.turn(self.tenant, until).await?);
        }
        let local = addresses::local(permit, &self.inner.options)?;
        let vetted = addresses::vetted(permit, self.tenant, self.inner, until, self.deadline).await?;
        let credential =
            credential::for_request(self.sender, permit, body, self.credentials, self.deadline).await?;
        if let Some(credential) = &credential {
            row.note_credential(credential);
            sent_with.push(credential.clone());
        }
        let scrubber = Scrubber::of(sent_with).map_err(|_| credential::unsearchable())?;

        row.scrub(&scrubber);

        let tracing = permit.policy().tracing();
        let traced = tracing.send_correlation.then(|| outgoing::traced(self.sender, self.inner.next_span()));
        let traced = traced.unwrap_or_default();
        row.note_headers(traced.clone());
        // Only a credential that may be renewed can make a second try of the same body.
        let renewable = credential.as_ref().filter(|credential| !credential.refused_with.is_empty());
        let body = if renewable.is_some() { body.clone() } else { std::mem::take(body) };
        let (request, written) = outgoing::build(permit, body, credential.as_ref(), &traced)?;
        let pin = Pin::new(&vetted, local);
        let Answered { response, connection } =
            self.answered(&vetted, &pin, request, &written, until).await?;
        let (parts, body) = response.into_parts();
        let head = Head::check(parts, permit, &self.inner.options)?;

        let target =
            redirect::target(permit, head.status(), head.header(LOCATION), credential.as_ref(), &scrubber);
        if let Some(target) = target {
            return Ok(Outcome::Redirect { response: scrubbed(head.bare(), &scrubber), target });
        }
        let bounds = Bounds {
            bytes_max: permit.response_bytes(),
            idle: Duration::from_millis(self.patience.idle_ms(&self.inner.options)),
            deadline: self.deadline,
        };
        let response = incoming::read(&head, body, &bounds).await?;
        if head.ends_clearly() {
            self.tenant.idle.keep(pin, connection, self.inner.options.idle_per_tenant);
        }
        let response = scrubbed(response, &scrubber);
        match renewable {
            Some(refused)
                if credential::renewed(self.sender, refused, &response, self.credentials, self.deadline)
                    .await =>
            {
                Ok(Outcome::Renewed(response))
            }
            _ => Ok(Outcome::Answer(response)),
        }
    }

    /// The head of the answer, on a kept connection or on a new one.
    async fn answered(
        &self,
        vetted: &Vetted,
        pin: &Pin,
        mut request: Request<Observed>,
        written: &Written,
        until: Instant,
    ) -> Result<Answered, Refusal> {
        let flood = Flood::watch(&mut request, self.inner.options.interim_responses_max);
        // Each time round there is one kept connection less.
        while let Some(mut connection) = self.tenant.idle.take(pin).await {
            match self.head(&mut connection, request, written, &flood).await? {
                Ok(response) => return Ok(Answered { response, connection }),
                Err(unsent) => request = unsent,
            }
        }
        // Another connection is dialled even where one is about to be free: a wait for it would be the remote's choice.
        let place = self.inner.tenants.place(self.tenant, until).await?;
        let tls = self.tenant.tls(&self.inner.tls);
        let dial = Dial {
            vetted,
            local: pin.local(),
            tls,
            network: self.inner.network.as_deref(),
            options: &self.inner.options,
            until,
            deadline: self.deadline,
        };
        let mut connection = dial.open(place).await?;
        match self.head(&mut connection, request, written, &flood).await? {
            Ok(response) => Ok(Answered { response, connection }),
            Err(_) => Err(Refusal::Failed(failure::unsent(FailureCode::ConnectionLost))),
        }
    }

    /// Writes, and waits for the head of the answer. A request that was never begun comes back.
    async fn head(
        &self,
        connection: &mut Connection,
        request: Request<Observed>,
        written: &Written,
        flood: &Flood,
    ) -> Result<Result<http::Response<Incoming>, Request<Observed>>, SendFailure> {
        let until = self.deadline.min(after_ms(self.patience.first_byte_ms(&self.inner.options)));
        // Polled even once, the client might send in a time that is over.
        if Instant::now() >= self.deadline {
            return Err(failure::unsent(FailureCode::TotalTimeout));
        }
        let answer = async {
            tokio::select! {
                answer = connection.send(request) => Some(answer),
                () = flood.come.notified() => None,
            }
        };
        match timeout_at(until, answer).await {
            Ok(Some(Ok(response))) => Ok(Ok(response)),
            Ok(Some(Err(mut error))) => match error.take_message() {
                Some(request) => Ok(Err(request)),
                None => Err(failure::of_request(error.error(), written)),
            },
            Ok(None) => Err(failure::sent(FailureCode::TooManyInterim)),
            Err(_) => {
                Err(failure::late(FailureCode::FirstByteTimeout, until, self.deadline, written.perhaps()))
            }
        }
    }
}

/// Interim answers, counted: the client skips them, for ever if need be.
struct Flood {
    come: Arc<Notify>,
}

impl Flood {
    fn watch(request: &mut Request<Observed>, max: usize) -> Self {
        let come = Arc::new(Notify::new());
        let (called, seen) = (Arc::clone(&come), AtomicUsize::new(0));
        hyper::ext::on_informational(request, move |_| {
            if seen.fetch_add(1, Ordering::Relaxed) == max {
                called.notify_one();
            }
        });
        Self { come }
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
