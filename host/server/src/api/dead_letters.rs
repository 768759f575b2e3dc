//! Dead letters: find, show, edit, send again, discard.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::dead_letter::LetterFilter;
use domain::{DeadLetterId, FlowName, RecordKey, Timestamp};
use lockgate::Replay;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::app::App;
use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{DeadLetter, DeadLetterSummary, NewBody, NewDiscard, Page, Replayed};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfLetters {
    /// Of this flow only.
    pub(super) flow: Option<String>,
    /// With this code of failure only.
    pub(super) code: Option<String>,
    /// For which these have to act only: guest, host, remote or operator.
    pub(super) blame: Option<String>,
    /// In this state only: parked, replaying, resolved or discarded.
    pub(super) state: Option<String>,
    /// That failed last at this time or later, as 2026-11-22T08:30:00Z.
    pub(super) since: Option<String>,
    /// That failed last before this time.
    pub(super) until: Option<String>,
    /// Of this record only.
    pub(super) key: Option<String>,
    /// The most items; 1 to 500, 100 unless given.
    pub(super) limit: Option<usize>,
    /// The `next` of the page before.
    pub(super) after: Option<String>,
}

impl OfLetters {
    pub(super) fn filter(&self) -> Result<LetterFilter, Problem> {
        let flow: Option<FlowName> = self.flow.as_deref().map(str::parse).transpose()?;
        let key: Option<RecordKey> = self.key.as_deref().map(str::parse).transpose()?;
        let time = |name, text: &Option<String>| {
            let read = |text: &String| Timestamp::try_from(text.clone());
            text.as_ref().map(read).transpose().map_err(|error| unread(name, &error))
        };
        let (since, until) = (time("since", &self.since)?, time("until", &self.until)?);
        let blame = word("blame", self.blame.as_deref(), "guest, host, remote or operator")?;
        let state = word("state", self.state.as_deref(), "parked, replaying, resolved or discarded")?;
        Ok(LetterFilter { flow, code: self.code.clone(), blame, state, since, until, key })
    }
}

fn word<T: DeserializeOwned>(name: &str, text: Option<&str>, words: &str) -> Result<Option<T>, Problem> {
    let read = |text: &str| serde_json::from_value(text.into());
    text.map(read).transpose().map_err(|_| unread(name, &format!("it is one of {words}")))
}

fn unread(name: &str, why: &str) -> Problem {
    Problem::bad_request("invalid_query", format!("{name} cannot be read: {why}"))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsNew {
    /// Under a new idempotency key: the remote takes it for another record, also if it has the first one.
    #[serde(default)]
    as_new: bool,
}

/// Dead letters, newest first, without their bodies.
#[utoipa::path(
    get, path = "/v1/dead-letters", tag = "dead letters", params(OfLetters),
    responses((status = 200, description = "One page.", body = Page<DeadLetterSummary>))
)]
pub(crate) async fn list_dead_letters(
    OfTenant(tenant): OfTenant,
    Query(of): Query<OfLetters>,
) -> Result<Json<Page<DeadLetterSummary>>, Problem> {
    let filter = of.filter()?;
    let paging = Paging::new(of.limit, of.after);
    let page = tenant.find_dead_letters(&filter, paging.after()?, paging.limit()?)?;
    Ok(Json(Page::of(page, |letter| (&letter).into())))
}

/// One dead letter: the record as its source gave it, why it gave up, what was asked and answered last, every attempt.
#[utoipa::path(
    get, path = "/v1/dead-letters/{id}", tag = "dead letters",
    params(("id" = String, Path, description = "The dead letter.")),
    responses((status = 200, description = "The dead letter.", body = DeadLetter))
)]
pub(crate) async fn show_dead_letter(
    OfTenant(tenant): OfTenant,
    Path(id): Path<DeadLetterId>,
    State(app): State<App>,
) -> Result<Json<DeadLetter>, Problem> {
    Ok(Json(DeadLetter::of(tenant.dead_letter(&id)?, app.host.now())))
}

/// Sends a dead letter on its way again, under its old idempotency key, in a run of its own.
#[utoipa::path(
    post, path = "/v1/dead-letters/{id}/replay", tag = "dead letters",
    params(("id" = String, Path, description = "The dead letter."), AsNew),
    responses((status = 202, description = "The run that carries it.", body = Replayed))
)]
pub(crate) async fn replay_dead_letter(
    OfTenant(tenant): OfTenant,
    Path(id): Path<DeadLetterId>,
    Query(AsNew { as_new }): Query<AsNew>,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let replayed = tenant.replay_as(&id, Replay { as_new }).await?;
    let old =
        "its idempotency key is older than a day: a remote that has forgotten it may take the record twice";
    let warnings = replayed.key_is_old.then(|| old.to_owned()).into_iter().collect();
    Ok((StatusCode::ACCEPTED, Json(Replayed { run: replayed.run.into(), warnings })))
}

/// Puts another body in the place of a parked letter's; the original stays beside it. Refused unless the flow's mapping
/// and the destination's action take it.
#[utoipa::path(
    put, path = "/v1/dead-letters/{id}/body", tag = "dead letters", request_body = NewBody,
    params(("id" = String, Path, description = "The dead letter.")),
    responses((status = 200, description = "The dead letter as it is now.", body = DeadLetter))
)]
pub(crate) async fn edit_dead_letter(
    OfTenant(tenant): OfTenant,
    Path(id): Path<DeadLetterId>,
    State(app): State<App>,
    Body(NewBody { body }): Body<NewBody>,
) -> Result<Json<DeadLetter>, Problem> {
    Ok(Json(DeadLetter::of(tenant.edit_dead_letter(&id, body).await?, app.host.now())))
}

/// Decides that a parked letter is not to be delivered.
#[utoipa::path(
    post, path = "/v1/dead-letters/{id}/discard", tag = "dead letters", request_body = NewDiscard,
    params(("id" = String, Path, description = "The dead letter.")),
    responses((status = 200, description = "The dead letter as it is now.", body = DeadLetter))
)]
pub(crate) async fn discard_dead_letter(
    OfTenant(tenant): OfTenant,
    Path(id): Path<DeadLetterId>,
    State(app): State<App>,
    Body(NewDiscard { reason }): Body<NewDiscard>,
) -> Result<Json<DeadLetter>, Problem> {
    Ok(Json(DeadLetter::of(tenant.discard_dead_letter(&id, &reason).await?, app.host.now())))
}
