//! One token at a time: whoever finds it due waits for the one that renews it, in this process and in every other.
//!
//! In-process turn, then the lease in the store, then a second look; only then the endpoint is asked. What it gives is
//! stored, by compare-and-set on the credential's version and on the lease's fence, before anybody uses it: a provider
//! that rotates refresh tokens has already forgotten the old one.

use std::sync::Arc;
use std::time::Duration;

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::injected::CredentialError;
use domain::oauth::{is_due, is_idle};
use domain::profile::{CredentialProblem, CredentialReason};
use domain::{Denial, ProfileKey, Secret};
use store::{Change, Expect, Profiles as _};
use tokio::time::{Instant, timeout};
use wit::Oauth2Grant;

use super::answer::{self, Granted, NoTokens};
use super::broker::Broker;
use super::case::{Case, Held};
use super::error::OauthError;
use super::form::{Ask, Asking};
use super::lease::{LOOK_AGAIN, Mine};

/// A little longer than a token endpoint may take.
const WAIT: Duration = Duration::from_secs(12);
/// How long an endpoint may give nothing before the credential counts as ended: four days.
const EXHAUSTED_MS: u64 = 4 * 24 * 3_600_000;
/// How often a commit begins again when another row of the tenant changed at the same moment.
const COMMIT_TRIES: usize = 32;
/// Of a token that was refused although it had just come: a fresh one may be had all the same.
pub(crate) const AFTER_RENEWAL: &str = "refused_after_renewal";

/// Why a token is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// For a request.
    Use,
    /// A remote refused the one of this version.
    Refused(u64),
    /// Nobody has used it for long.
    KeepAlive,
    /// Somebody asks for another one than that of this version, whatever happened before.
    Asked(u64),
}

/// A token to be used now.
pub(crate) struct Current {
    pub(crate) case: Case,
    pub(crate) held: Held,
}

/// How asking ended.
enum Ended {
    Good(Box<Current>),
    No(OauthError),
}

impl Broker {
    pub(crate) async fn current(self: &Arc<Self>, of: &ProfileKey, why: Why) -> Result<Current, OauthError> {
        let case = Case::load(&self.store, of)?;
        let held = case.held(&self.store)?;
        if let Some(current) = self.settled(case, held, why)? {
            return Ok(current);
        }
        // In a task of its own: a caller that gives up must not take a token with it that the provider has just issued.
        let (broker, of) = (Arc::clone(self), of.clone());
        let task = tokio::spawn(async move { broker.renew(&of, why).await });
        task.await.unwrap_or_else(|_| Err(unavailable("stopped")))
    }

    /// What needs no endpoint: a token that will do, or a refusal that stands. None: ask.
    fn settled(&self, case: Case, held: Option<Held>, why: Why) -> Result<Option<Current>, OauthError> {
        let now = self.now();
        let problem = case.profile().credential.problem.clone();
        let Some(held) = held else {
            return match problem.filter(|problem| blocks(problem, why)) {
                Some(CredentialProblem { reason, code, .. }) => Err(OauthError::Refused { reason, code }),
                None if case.by_person() => Err(OauthError::NotConnected),
                None => Ok(None),
            };
        };
        let (tokens, scheme) = (&held.tokens, &case.scheme);
        let renewable = !case.by_person() || tokens.refresh.is_some();
        let good = tokens.is_good(now);
        let fits = match why {
            Why::Use if !renewable => good,
            Why::Use => good && !is_due(now, tokens.obtained_at, tokens.expires_at, scheme.refresh_margin_s),
            Why::KeepAlive => !renewable || !is_idle(now, tokens.obtained_at, scheme.keep_alive_hours),
            Why::Refused(version) | Why::Asked(version) => case.version() != version,
        };
        if fits {
            return Ok(Some(Current { case, held }));
        }
        if let Some(CredentialProblem { reason, code, .. }) = problem.filter(|problem| blocks(problem, why)) {
            // The old one is used up to its end: the provider may only have refused the next one.
            return if good && why == Why::Use {
                Ok(Some(Current { case, held }))
            } else {
                Err(OauthError::Refused { reason, code })
            };
        }
        if !renewable {
            let code = "no_refresh_token".to_owned();
            return Err(OauthError::Refused { reason: CredentialReason::AuthExpired, code });
        }
        Ok(None)
    }

    async fn renew(self: Arc<Self>, of: &ProfileKey, why: Why) -> Result<Current, OauthError> {
        let until = Instant::now() + WAIT;
        let turn = self.turn(of);
        let _turn = timeout(WAIT, turn.lock()).await.map_err(|_| unavailable("busy"))?;
        loop {
            let case = Case::load(&self.store, of)?;
            let held = case.held(&self.store)?;
            let stale = held.as_ref().is_some_and(|held| held.tokens.is_good(self.now())) && why == Why::Use;
            let cooling = self.cooling(of)?.filter(|_| !matches!(why, Why::Asked(_)));
            if let Some(current) = self.settled(case, held, why)? {
                return Ok(current);
            }
            if let Some(left_ms) = cooling {
                let error =
                    OauthError::Unavailable { code: "cooldown".to_owned(), retry_after_ms: Some(left_ms) };
                return if stale { self.as_it_is(of) } else { Err(error) };
            }
            if let Some(mine) = self.take_lease(of).await? {
                return self.with_lease(of, why, mine).await;
            }
            if Instant::now() >= until {
                return if stale { self.as_it_is(of) } else { Err(unavailable("busy")) };
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn with_lease(&self, of: &ProfileKey, why: Why, mine: Mine) -> Result<Current, OauthError> {
        // Somebody else may have renewed it between the last look and the lease.
        let case = Case::load(&self.store, of)?;
        let held = case.held(&self.store)?;
        match self.settled(case, held, why) {
            Ok(None) => {}
            settled => {
                self.give_back(of, &mine, &mine.row.value.released()).await;
                return settled.and_then(|current| current.ok_or_else(|| unavailable("busy")));
            }
        }
        let case = Case::load(&self.store, of)?;
        let held = case.held(&self.store)?;
        if mine.abandoned {
            tracing::warn!(tenant = %of.tenant, profile = %of.profile, "an earlier renewal never came back; asking again");
        }
        let good = held.as_ref().is_some_and(|held| held.tokens.is_good(self.now())) && why == Why::Use;
        match self.asked(&case, held.as_ref(), &mine).await {
            Ended::Good(current) => Ok(*current),
            Ended::No(OauthError::Store(error)) => Err(OauthError::Store(error)),
            Ended::No(_) if good => self.as_it_is(of),
            Ended::No(error) => Err(error),
        }
    }

    /// The token as it is stored now, due or not.
    fn as_it_is(&self, of: &ProfileKey) -> Result<Current, OauthError> {
        let case = Case::load(&self.store, of)?;
        let held = case.held(&self.store)?.ok_or(OauthError::NotConnected)?;
        Ok(Current { case, held })
    }

    fn cooling(&self, of: &ProfileKey) -> Result<Option<u64>, OauthError> {
        let lease = store::TokenLeases::token_lease(&self.store, &of.tenant, &of.profile)?;
        let now = self.now();
        Ok(lease.value.cooling(now).map(|until| until.ms_since(now)))
    }

    async fn asked(&self, case: &Case, held: Option<&Held>, mine: &Mine) -> Ended {
        let refresh = held.and_then(|held| held.tokens.refresh.clone());
        match self.tokens_for(case, refresh.as_ref()).await {
            Ok(granted) => match self.store_tokens(case, held, granted, mine).await {
                Ok(current) => Ended::Good(Box::new(current)),
                Err(error) => {
                    // What the provider has just issued is lost: the next try shows whether it still knows the old one.
                    tracing::error!(tenant = %case.of.tenant, profile = %case.of.profile, %error, "a new token could not be stored");
                    Ended::No(error)
                }
            },
            Err(OauthError::Refused { reason, code }) => {
                self.give_up(case, reason, &code, Some(mine)).await;
                Ended::No(OauthError::Refused { reason, code })
            }
            Err(error) => Ended::No(self.later(case, mine, error).await),
        }
    }

    /// Asks the endpoint, in the way of the scheme.
    async fn tokens_for(&self, case: &Case, refresh: Option<&Secret>) -> Result<Granted, OauthError> {
        let scheme = &case.scheme;
        let ask = match (scheme.grant, refresh, &scheme.exchange) {
            (Oauth2Grant::AuthorizationCode, Some(refresh), _) => Ask::Refresh(refresh),
            (Oauth2Grant::AuthorizationCode, None, _) => return Err(OauthError::NotConnected),
            (Oauth2Grant::ClientCredentials, ..) => Ask::Client,
            (Oauth2Grant::JwtBearer, ..) => Ask::Jwt,
            (Oauth2Grant::TokenExchange, _, Some(exchange)) => Ask::Exchange(exchange),
            (Oauth2Grant::TokenExchange, _, None) => {
                return Err(OauthError::Config("the manifest does not say what is exchanged".to_owned()));
            }
        };
        self.token_request(case, ask).await
    }

    pub(crate) async fn token_request(&self, case: &Case, ask: Ask<'_>) -> Result<Granted, OauthError> {
        let secret = case.secret(&self.store)?;
        let url = case.endpoint(&case.scheme.token_url)?.url();
        let asking = Asking {
            case,
            secret: secret.as_ref(),
            url: &url,
            now: self.now(),
            randomness: &*self.randomness,
        };
        let prepared = asking.prepare(ask)?;
        let response = self.ask(case, &case.scheme.token_url, prepared).await?;
        answer::read(&case.scheme, &response, self.now()).map_err(|none| match none {
            NoTokens::Definitive { code } => {
                OauthError::Refused { reason: CredentialReason::AuthRevoked, code }
            }
            NoTokens::Passing { code, retry_after_ms } => OauthError::Unavailable { code, retry_after_ms },
        })
    }

    /// Nothing for now: the endpoint is left alone for a while, and after days of it the credential counts as ended.
    async fn later(&self, case: &Case, mine: &Mine, error: OauthError) -> OauthError {
        let now = self.now();
        let asked_ms = match &error {
            OauthError::Unavailable { retry_after_ms, .. } => *retry_after_ms,
            _ => None,
        };
        let left = mine.row.value.failed(now, asked_ms);
        if left.failing_since.is_some_and(|since| now.ms_since(since) >= EXHAUSTED_MS) {
            let (reason, code) = (CredentialReason::AuthExpired, error.code().to_owned());
            self.give_up(case, reason, &code, Some(mine)).await;
            return OauthError::Refused { reason, code };
        }
        self.give_back(&case.of, mine, &left).await;
        error
    }

    /// Writes down that the credential works no more, unless it has been replaced meanwhile.
    pub(crate) async fn give_up(
        &self,
        case: &Case,
        reason: CredentialReason,
        code: &str,
        mine: Option<&Mine>,
    ) {
        let of = &case.of;
        let mut mine = mine;
        for _ in 0..COMMIT_TRIES {
            let row = match self.store.profile(&of.tenant, &of.profile) {
                Ok(Some(row)) if row.value.credential.version == case.version() => row,
                Ok(_) => return,
                Err(error) => return tracing::error!(%error, "a refused credential cannot be marked"),
            };
            let now = self.now();
            let happening =
                Happening::new(now, Actor::Host, Verb::CredentialRefused, Subject::profile(&of.profile));
            let mut change = Change::new(Chain::Tenant(of.tenant.clone()), happening.failed(code));
            let mut profile = row.value;
            profile.credential.problem =
                Some(CredentialProblem { reason, code: code.to_owned(), since: now });
            profile.updated_at = now;
            change.put_profile(&of.tenant, &profile, Expect::Version(row.version));
            if let Some(mine) = mine {
                self.leave(change.commit(), of, mine, &mine.row.value.released());
            }
            match self.store.commit(change).await {
                Ok(()) => return,
                Err(error) if error.is_conflict() => {
                    let lease = store::TokenLeases::token_lease(&self.store, &of.tenant, &of.profile);
                    // The lease is another's by now: whoever has it finds out for themselves.
                    if mine.is_some_and(|mine| lease.is_ok_and(|lease| lease.version != mine.row.version)) {
                        mine = None;
                    }
                }
                Err(error) => return tracing::error!(%error, "a refused credential cannot be marked"),
            }
        }
    }
}

/// A refusal that only a person can lift.
fn blocks(problem: &CredentialProblem, why: Why) -> bool {
    problem.code != AFTER_RENEWAL && !matches!(why, Why::Asked(_))
}

fn unavailable(code: &str) -> OauthError {
    OauthError::Unavailable { code: code.to_owned(), retry_after_ms: None }
}

pub(crate) const TRIES: usize = COMMIT_TRIES;

/// What a request for a credential is told.
pub(crate) fn told(error: OauthError) -> CredentialError {
    match error {
        OauthError::NotConnected | OauthError::NoProfile | OauthError::NotOauth => {
            CredentialError::NotConnected
        }
        OauthError::NoSecret => CredentialError::Missing(domain::SecretName::credential()),
        OauthError::Secret(_) => CredentialError::Unusable(domain::SecretName::credential()),
        OauthError::Refused { reason, code } => CredentialError::Refused { reason, code },
        OauthError::Unavailable { code, .. } => CredentialError::Unavailable { code, retry_at: None },
        OauthError::Denied(denial) => CredentialError::Denied(Box::new(denial)),
        OauthError::Config(reason) => CredentialError::Denied(Box::new(Denial::new(
            domain::Gate::Credential,
            format!("the token endpoint cannot be asked: {reason}"),
            "set the profile's configuration, or upload a corrected connector",
        ))),
        OauthError::Store(error) => {
            tracing::error!(%error, "a token cannot be read or stored");
            CredentialError::Store
        }
        _ => CredentialError::Unavailable { code: error.code().to_owned(), retry_at: None },
    }
}
