//! `http`: hands each request to the judge, and what the judge permits to the door. Denials are values.

mod begun;
pub(crate) mod standard;

use std::sync::Arc;

use domain::call::Limits;
use domain::cassette::{self, Asked, HttpAnswer, HttpRequest};
use domain::egress::{Permit, Policy, Request, Response, Spent, Wire};
use domain::exchange::{Exchange, ExchangeOutcome, Outline, SendFailure, SendFailureKind};
use domain::retry::{KeyPlace, Read, is_idempotent};
use domain::{Clock, Credentials, Denial, FailureCode, Gate};
use egress::{Egress, Patience, Refusal, Sender, Sent};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use wasmtime::component::HasData;

use self::begun::Turns;
use self::standard::{Room, UnderWay};
use crate::bindings::http;
use crate::call::CallFor;
use crate::deck::{Asking, Deck, NO_SUCH_ANSWER};
use crate::failure::HostFailed;
use crate::runtime::Rooms;

/// Requests of one call that are under way at once; the tenant's own bound may be lower.
const UNDER_WAY_MAX: usize = 32;
const OURS: &str = "lockgate-";
const CLASS: &str = "lockgate-class";
const WAIT_MS: &str = "lockgate-wait-ms";
/// Rows that are kept of one call. Later requests are counted only.
const ROWS_MAX: usize = 1_000;
/// Bytes of bodies that the rows of one call keep together.
const EXCERPTS_BYTES_MAX: usize = 1 << 20;

/// The judge of the call, the door, and what has gone through it.
pub(crate) struct HttpState {
    policy: Arc<Policy>,
    /// None where the call has no network; then the policy permits nothing either.
    sender: Option<Sender>,
    egress: Egress,
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    key_place: Option<KeyPlace>,
    spent: Spent,
    denied: u32,
    rows: Vec<Row>,
    /// What may still be kept of bodies.
    excerpts_left: usize,
    deck: Deck,
    /// What was begun through `wasi:http` and is not written down yet.
    under_way: Vec<UnderWay>,
    /// How many of those are sent at once; made when the first is.
    turns: Option<Turns>,
    room: Option<Room>,
}

/// The rows of one request: several where it was redirected.
struct Row {
    exchanges: Vec<Exchange>,
    /// The key by which the remote would recognise the request.
    key: Option<String>,
    /// Still under way: if the call ends now, what is written is that nobody saw the answer.
    open: bool,
}

/// What a call asked of the network.
pub(crate) struct Requested {
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) sent: u32,
    pub(crate) denied: u32,
}

/// A request that may go, with the place of its row.
struct Permitted {
    permit: Permit<Wire>,
    row: Option<usize>,
    key: Option<String>,
    patience: Patience,
}

type Answer = Result<http::Response, http::HttpError>;

impl HttpState {
    pub(crate) fn for_call(call: &CallFor, rooms: &Rooms, deck: Deck) -> Self {
        let sender = Sender {
            tenant: call.tenant.clone(),
            profile: call.profile.as_ref().map(|key| key.profile.clone()),
            correlation: call.correlation.clone(),
            trace_state: call.trace_state.clone(),
        };
        Self {
            key_place: call.key_place.clone(),
            deck,
            ..Self::new(Arc::clone(&call.policy), Some(sender), call.limits, rooms)
        }
    }

    pub(crate) fn for_nobody(limits: &Limits, rooms: &Rooms) -> Self {
        Self::new(Arc::new(Policy::none()), None, *limits, rooms)
    }

    fn new(policy: Arc<Policy>, sender: Option<Sender>, limits: Limits, rooms: &Rooms) -> Self {
        Self {
            policy,
            sender,
            egress: rooms.egress.clone(),
            credentials: Arc::clone(&rooms.credentials),
            clock: Arc::clone(&rooms.clock),
            limits,
            key_place: None,
            spent: Spent::default(),
            denied: 0,
            rows: Vec::new(),
            excerpts_left: EXCERPTS_BYTES_MAX,
            deck: Deck::Empty,
            under_way: Vec::new(),
            turns: None,
            room: None,
        }
    }

    /// The rows of the call, at its end.
    pub(crate) fn finish(mut self) -> Requested {
        self.collect();
        let now = self.clock.now();
        let rows = self.rows.into_iter().flat_map(|row| {
            let Row { exchanges, key, open } = row;
            let duration_ms = exchanges.first().map_or(0, |first| now.ms_since(first.at));
            exchanges.into_iter().map(move |exchange| match open {
                true => Exchange { duration_ms, ..exchange.judged(key.clone(), None) },
                false => exchange,
            })
        });
        Requested { exchanges: rows.take(ROWS_MAX).collect(), sent: self.spent.requests, denied: self.denied }
    }

    /// Asks the judge. What it permits counts as sent, and has a row, from now on.
    fn judge(&mut self, request: http::Request) -> Result<Permitted, Denial> {
        let request = Request {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
            timeout_ms: request.timeout_ms,
        };
        let at = self.clock.now();
        let key = self.key_place.as_ref().and_then(|place| place.carried(&request));
        let outline = (self.rows.len() < ROWS_MAX).then(|| Outline::from(&request));
        match self.policy.judge(request, self.spent) {
            Ok(permit) => {
                self.spent.requests = self.spent.requests.saturating_add(1);
                let bytes = permit.request_bytes() as u64;
                self.spent.sent_bytes = self.spent.sent_bytes.saturating_add(bytes);
                let row = outline
                    .map(|_| self.add_row(Exchange::permitted(at, &permit, unseen(), 0), key.clone(), true));
                Ok(Permitted { permit, row, key, patience: Patience::default() })
            }
            Err(denial) => {
                self.denied = self.denied.saturating_add(1);
                if let Some(outline) = outline {
                    self.add_row(
                        Exchange::denied(at, outline, denial.clone()).judged(None, None),
                        None,
                        false,
                    );
                }
                Err(denial)
            }
        }
    }

    fn add_row(&mut self, exchange: Exchange, key: Option<String>, open: bool) -> usize {
        self.rows.push(Row { exchanges: vec![exchange], key, open });
        self.rows.len() - 1
    }

    /// Says what the outcome means: in its row, and to the guest where the answer itself does not say it plainly. Hops
    /// before the last one mean nothing.
    fn read(&self, key: Option<&String>, mut sent: Sent) -> Sent {
        let Some(last) = sent.exchanges.pop() else { return sent };
        let mut read = None;
        if let Ok(response) = &mut sent.result {
            let repeatable = key.is_some() || is_idempotent(&last.method);
            let meaning = self.policy.answers().read(response, repeatable, self.clock.now());
            told(&mut response.headers, meaning);
            read = Some(meaning);
        }
        sent.exchanges.push(last.judged(key.cloned(), read));
        sent
    }

    /// Writes down how a permitted request ended.
    fn note(&mut self, row: Option<usize>, key: Option<String>, sent: Sent) -> Result<Response, Refusal> {
        let mut sent = self.read(key.as_ref(), sent);
        for exchange in &mut sent.exchanges {
            let kept = [&exchange.request_excerpt, &exchange.response_excerpt];
            let bytes: usize = kept.into_iter().flatten().map(String::len).sum();
            match self.excerpts_left.checked_sub(bytes) {
                Some(left) => self.excerpts_left = left,
                None => (exchange.request_excerpt, exchange.response_excerpt) = (None, None),
            }
        }
        let hops = u32::try_from(sent.exchanges.len()).unwrap_or(u32::MAX);
        self.spent.requests = self.spent.requests.saturating_add(hops.saturating_sub(1));
        // A second try sends its body again.
        let again = sent.exchanges.iter().skip(1).map(|exchange| exchange.request_bytes as u64);
        self.spent.sent_bytes = self.spent.sent_bytes.saturating_add(again.sum());
        if let Ok(response) = &sent.result {
            let bytes = response.body.len() as u64;
            self.spent.received_bytes = self.spent.received_bytes.saturating_add(bytes);
        }
        if let Some(row) = row.and_then(|row| self.rows.get_mut(row)) {
            *row = Row { exchanges: sent.exchanges, key, open: false };
        }
        if matches!(sent.result, Err(Refusal::Denied(_))) {
            self.denied = self.denied.saturating_add(1);
        }
        sent.result
    }

    /// Sends what was permitted, some at once. The answers come back under the numbers they were given.
    async fn send_permitted(
        &mut self,
        permitted: Vec<(usize, Permitted)>,
    ) -> wasmtime::Result<Vec<(usize, Answer)>> {
        let Some(sender) = self.sender.clone() else {
            return if permitted.is_empty() {
                Ok(Vec::new())
            } else {
                Err(HostFailed("a request was permitted for nobody").into())
            };
        };
        let (egress, credentials) = (self.egress.clone(), Arc::clone(&self.credentials));
        let mut waiting = permitted.into_iter();
        let mut under_way = FuturesUnordered::new();
        let mut answers = Vec::with_capacity(waiting.len());
        let mut room_bytes = self.limits.memory_bytes;
        loop {
            while under_way.len() < UNDER_WAY_MAX {
                let Some((number, permitted)) = waiting.next() else { break };
                under_way.push(send_one(&egress, &sender, &*credentials, number, permitted));
            }
            let Some((number, row, key, sent)) = under_way.next().await else { return Ok(answers) };
            let result = self.note(row, key, sent);
            answers.push((number, answer(result, &mut room_bytes)));
        }
    }
}

/// The one place where a guest's requests enter the door, whichever interface they came through.
async fn send_one(
    egress: &Egress,
    sender: &Sender,
    credentials: &dyn Credentials,
    number: usize,
    permitted: Permitted,
) -> (usize, Option<usize>, Option<String>, Sent) {
    let Permitted { permit, row, key, patience } = permitted;
    (number, row, key, egress.send_within(sender, permit, credentials, patience).await)
}

/// Headers that only the host adds: what a rule of the manifest says of the answer, and the wait that it asks for, in
/// milliseconds, in whatever form it did.
fn told(headers: &mut Vec<(String, Vec<u8>)>, read: Read) {
    headers.retain(|(name, _)| !name.starts_with(OURS));
    if let Some(class) = read.class.filter(|_| read.by_rule) {
        headers.push((CLASS.to_owned(), class.as_str().into()));
    }
    if let Some(asked_ms) = read.asked_ms {
        headers.push((WAIT_MS.to_owned(), asked_ms.to_string().into_bytes()));
    }
}

/// The answer in the guest's terms. All answers of one host call have to fit into its memory anyway, so the host does
/// not hold more of them than that.
fn answer(result: Result<Response, Refusal>, room_bytes: &mut usize) -> Answer {
    match result {
        Ok(response) => match room_bytes.checked_sub(response.body.len()) {
            Some(room) => {
                *room_bytes = room;
                Ok(http::Response { status: response.status, headers: response.headers, body: response.body })
            }
            None => Err(http::HttpError::Failed(http::Failure {
                kind: http::FailureKind::TooLarge,
                sent: true,
                message: "the answers together are larger than the guest's memory; ask for less at once"
                    .to_owned(),
            })),
        },
        Err(Refusal::Denied(denial)) => Err(http::HttpError::Denied(denial.into())),
        Err(Refusal::Failed(failure)) => Err(http::HttpError::Failed(http::Failure {
            kind: kind(failure.kind),
            sent: failure.sent,
            message: failure.message,
        })),
    }
}

fn kind(kind: SendFailureKind) -> http::FailureKind {
    match kind {
        SendFailureKind::Name => http::FailureKind::Name,
        SendFailureKind::Connect => http::FailureKind::Connect,
        SendFailureKind::Tls => http::FailureKind::Tls,
        SendFailureKind::Timeout => http::FailureKind::Timeout,
        SendFailureKind::TooLarge => http::FailureKind::TooLarge,
        SendFailureKind::BadResponse => http::FailureKind::BadResponse,
        SendFailureKind::Other => http::FailureKind::Other,
    }
}

/// What a row says until its request has an outcome.
fn unseen() -> ExchangeOutcome {
    ExchangeOutcome::Failed { failure: SendFailure::new(FailureCode::CallEnded, true) }
}

pub(crate) struct Http;

impl HasData for Http {
    type Data<'a> = &'a mut HttpState;
}

impl HttpState {
    /// Only behind the deck: a request that passes it is in no cassette, and leaves in a replay.
    async fn send_live(&mut self, request: http::Request, patience: Patience) -> wasmtime::Result<Answer> {
        let permitted = match self.judge(request) {
            Ok(permitted) => Permitted { patience, ..permitted },
            Err(denial) => return Ok(Err(http::HttpError::Denied(denial.into()))),
        };
        let answers = self.send_permitted(vec![(0, permitted)]).await?;
        answers
            .into_iter()
            .next()
            .map(|(_, answer)| answer)
            .ok_or(HostFailed("a request had no outcome").into())
    }

    async fn send_all_live(&mut self, requests: Vec<http::Request>) -> wasmtime::Result<Vec<Answer>> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut permitted = Vec::new();
        for (number, request) in requests.into_iter().enumerate() {
            // A longer list than a call may send is not judged item by item: its length is the guest's choice.
            if number >= self.limits.requests as usize {
                self.denied = self.denied.saturating_add(1);
                answers.push((number, Err(http::HttpError::Denied(too_many().into()))));
                continue;
            }
            match self.judge(request) {
                Ok(permit) => permitted.push((number, permit)),
                Err(denial) => answers.push((number, Err(http::HttpError::Denied(denial.into())))),
            }
        }
        answers.extend(self.send_permitted(permitted).await?);
        answers.sort_unstable_by_key(|(number, _)| *number);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }
}

impl http::Host for HttpState {
    async fn send(&mut self, request: http::Request) -> wasmtime::Result<Answer> {
        let place = match self.deck.ask(|| Asked::Send(asked(&request)))? {
            Asking::Live(place) => place,
            Asking::Played(answer) => {
                return played(answer, 1)?.into_iter().next().ok_or(NO_SUCH_ANSWER.into());
            }
        };
        let answer = self.send_live(request, Patience::default()).await?;
        self.deck.answer(place, || cassette::Answer::Http(vec![taken_down(&answer)]));
        Ok(answer)
    }

    async fn send_all(&mut self, requests: Vec<http::Request>) -> wasmtime::Result<Vec<Answer>> {
        let place = match self.deck.ask(|| Asked::SendAll(requests.iter().map(asked).collect()))? {
            Asking::Live(place) => place,
            Asking::Played(answer) => return played(answer, requests.len()),
        };
        let answers = self.send_all_live(requests).await?;
        self.deck.answer(place, || cassette::Answer::Http(answers.iter().map(taken_down).collect()));
        Ok(answers)
    }
}

fn too_many() -> Denial {
    Denial::new(Gate::Budget, "the list is longer than a call may send", "send fewer at once")
}

// === cassettes ===

type Headers = [(String, Vec<u8>)];

fn kept(headers: &Headers) -> Vec<(String, cassette::Bytes)> {
    headers.iter().map(|(name, value)| (name.clone(), cassette::Bytes(value.clone()))).collect()
}

fn asked(request: &http::Request) -> HttpRequest {
    HttpRequest {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: kept(&request.headers),
        body: cassette::Bytes(request.body.clone()),
        timeout_ms: request.timeout_ms,
    }
}

fn taken_down(answer: &Answer) -> HttpAnswer {
    match answer {
        Ok(response) => HttpAnswer::Response {
            status: response.status,
            headers: kept(&response.headers),
            body: cassette::Bytes(response.body.clone()),
        },
        Err(http::HttpError::Denied(denial)) => {
            let gate = Gate::named(&denial.gate).unwrap_or(Gate::Capability);
            HttpAnswer::Denied(Denial::new(gate, denial.reason.clone(), denial.remedy.clone()))
        }
        Err(http::HttpError::Failed(failure)) => HttpAnswer::Failed {
            kind: kind_of(failure.kind),
            sent: failure.sent,
            message: failure.message.clone(),
        },
    }
}

/// The recorded answers, as many as there were requests.
fn played(answer: cassette::Answer, count: usize) -> wasmtime::Result<Vec<Answer>> {
    let cassette::Answer::Http(answers) = answer else { return Err(NO_SUCH_ANSWER.into()) };
    if answers.len() != count {
        return Err(NO_SUCH_ANSWER.into());
    }
    let one = |answer| match answer {
        HttpAnswer::Response { status, headers, body } => {
            let headers = headers.into_iter().map(|(name, value)| (name, value.0)).collect();
            Ok(http::Response { status, headers, body: body.0 })
        }
        HttpAnswer::Denied(denial) => Err(http::HttpError::Denied(denial.into())),
        HttpAnswer::Failed { kind: failed, sent, message } => {
            Err(http::HttpError::Failed(http::Failure { kind: kind(failed), sent, message }))
        }
    };
    Ok(answers.into_iter().map(one).collect())
}

fn kind_of(kind: http::FailureKind) -> SendFailureKind {
    match kind {
        http::FailureKind::Name => SendFailureKind::Name,
        http::FailureKind::Connect => SendFailureKind::Connect,
        http::FailureKind::Tls => SendFailureKind::Tls,
        http::FailureKind::Timeout => SendFailureKind::Timeout,
        http::FailureKind::TooLarge => SendFailureKind::TooLarge,
        http::FailureKind::BadResponse => SendFailureKind::BadResponse,
        http::FailureKind::Other => SendFailureKind::Other,
    }
}
