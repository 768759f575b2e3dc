//! API tokens: made once, shown once, kept as a hash; each with a role and, if wanted, an end.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::audit::{Actor, Chain, Subject, Verb};
use domain::quota::Quota;
use domain::token::{Bearer, Role, Token};
use domain::{Digest, TenantId, Timestamp, TokenId};
use store::{Change, Expect, Page, Tokens as _};
use subtle::ConstantTimeEq as _;

use crate::error::{Error, Kind};
use crate::host::Host;
use crate::tenant::paging;

/// What every token begins with, so that scanners for leaked secrets know it.
const PREFIX: &str = "lg";
const SECRET_BYTES: usize = 32;
/// `lg_`, 26 characters of id, `_`, 43 characters of secret.
const TEXT_LEN: usize = 3 + 26 + 1 + 43;

/// A token that was just made. Its text is not kept and cannot be shown again.
pub struct NewToken {
    /// The row, without the secret.
    pub token: Token,
    /// The bearer token itself.
    pub text: String,
}

/// A token to be made. A `Bearer` alone becomes one that may do everything of its kind and does not end.
#[derive(Clone, Debug)]
pub struct TokenFor {
    /// For whom it speaks.
    pub bearer: Bearer,
    /// Of a tenant's token: how much of the tenant it may use.
    pub role: Role,
    /// From then on it is not valid.
    pub expires_at: Option<Timestamp>,
}

impl From<Bearer> for TokenFor {
    fn from(bearer: Bearer) -> Self {
        Self { bearer, role: Role::Owner, expires_at: None }
    }
}

/// For whom a request speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// May make tenants' tokens, and sees no tenant's data.
    Operator,
    /// One tenant, as far as the role reaches.
    Tenant {
        /// Whose data it is.
        tenant: TenantId,
        /// How much of it.
        role: Role,
    },
}

impl Host {
    /// Makes a token. Durable before it returns.
    pub async fn make_token(&self, wanted: impl Into<TokenFor>) -> Result<NewToken, Error> {
        let rooms = &self.rooms;
        let TokenFor { bearer, role, expires_at } = wanted.into();
        if expires_at.is_some_and(|at| at <= rooms.clock.now()) {
            let message = "expires_at is not in the future; the token would never be valid";
            return Err(Error::new(Kind::Invalid, "invalid_token", message));
        }
        let id = TokenId::make(&*rooms.clock, &*rooms.randomness);
        let mut chance = [0; SECRET_BYTES];
        rooms.randomness.fill(&mut chance);
        let secret = URL_SAFE_NO_PAD.encode(chance);
        let hash = Digest::of(secret.as_bytes()).to_string();
        let token = Token { id, bearer, role, hash, created_at: rooms.clock.now(), expires_at };
        let mut change = self.token_change(Verb::TokenMade, &token);
        // Held until the token is written, so that no two take the last place.
        let mut _turn = None;
        if let Bearer::Tenant { tenant } = &token.bearer {
            let tenant = self.tenant(tenant.as_str())?;
            let turn = tenant.turn().await;
            turn.has_room(Quota::Tokens)?;
            tenant.enrol(change.commit())?;
            _turn = Some(turn);
        }
        change.put_token(&token, Expect::Absent);
        rooms.store.commit(change).await?;
        let text = format!("{PREFIX}_{}_{secret}", token.id);
        Ok(NewToken { token, text })
    }

    /// All tokens, without their secrets.
    pub fn tokens(&self, after: Option<&str>, limit: usize) -> Result<Page<Token>, Error> {
        Ok(self.rooms.store.tokens(&paging(after, limit))?)
    }

    /// Ends a token at once.
    pub async fn revoke_token(&self, id: &TokenId) -> Result<(), Error> {
        let Some(row) = self.rooms.store.token(id)? else {
            return Err(Error::not_found("token", id));
        };
        let mut change = self.token_change(Verb::TokenRevoked, &row.value);
        change.delete_token(id, Expect::Version(row.version));
        match self.rooms.store.commit(change).await {
            // Somebody else was faster, and has ended it.
            Err(error) if error.is_conflict() => Err(Error::not_found("token", id)),
            other => Ok(other?),
        }
    }

    /// The host's own history has all tokens; a tenant's history has the tokens that open it.
    fn token_change(&self, verb: Verb, token: &Token) -> Change {
        let happening =
            self.happening(verb, Subject::token(&token.id)).changing(&["bearer", "role", "expires_at"]);
        let mut change = Change::new(Chain::Host, happening.clone());
        if let Bearer::Tenant { tenant } = &token.bearer {
            change.also(Chain::Tenant(tenant.clone()), happening);
        }
        change
    }

    /// Who speaks with this bearer token. The answer to every token that is not valid is the same: garbage, unknown,
    /// revoked and expired cannot be told apart.
    pub fn speaker(&self, text: &str) -> Result<Speaker, Error> {
        self.identify(text).map(|(speaker, _)| speaker)
    }

    /// The same, with the actor as whom the token's holder goes into the audit trail (`Tenant::acting`).
    pub fn identify(&self, text: &str) -> Result<(Speaker, Actor), Error> {
        let refused = || {
            Error::new(Kind::Unauthenticated, "unauthenticated", "the bearer token is missing or not valid")
        };
        if text.len() != TEXT_LEN || !text.is_ascii() {
            return Err(refused());
        }
        let mut parts = text.splitn(3, '_');
        let (Some(PREFIX), Some(id), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(refused());
        };
        let id: TokenId = id.parse().map_err(|_| refused())?;
        let token = self.rooms.store.token(&id)?.ok_or_else(refused)?;
        let hash = Digest::of(secret.as_bytes());
        if !bool::from(hash.as_str().as_bytes().ct_eq(token.value.hash.as_bytes())) {
            return Err(refused());
        }
        // After the secret: whoever does not have it learns nothing, not even that a token has ended.
        if token.value.is_expired(self.rooms.clock.now()) {
            return Err(refused());
        }
        let role = token.value.role;
        let speaker = match token.value.bearer {
            Bearer::Operator => Speaker::Operator,
            Bearer::Tenant { tenant } => Speaker::Tenant { tenant, role },
        };
        Ok((speaker, Actor::Token(id)))
    }
}
