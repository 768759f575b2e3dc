//! OAuth 2 for people: a link to the provider's consent, the way back, and the end of it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use auth::OauthError;
pub use auth::{Callback, Connected, Opened};
use domain::profile::Profile;
use domain::{ProfileKey, ProfileName, Secret, TenantId, Timestamp};
use store::{PAGE_ITEMS_MAX, Paging, Profiles as _, Tenants as _};
use wit::{AuthScheme, Oauth2Grant};

use crate::error::{Error, Kind};
use crate::host::{Host, Rooms};
use crate::tenant::Tenant;

/// Where a browser opens a link, below the host's public URL.
pub const START_PATH: &str = "/oauth/start/";
/// Where a provider sends the browser back to. It is registered there to the letter.
pub const CALLBACK_PATH: &str = "/oauth/callback";

/// Between two looks for tokens that nobody has used for long. Their time is hours.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(600);

/// A link for a person who may consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// To be opened in a browser, once.
    pub url: String,
    /// The link is no longer good then.
    pub expires_at: Timestamp,
}

impl Tenant {
    /// Makes a link to the provider's consent, for a profile whose scheme is OAuth 2 with an authorization code. What is
    /// asked for follows from the scopes that the profile was granted. A profile that is connected stays so until the
    /// new consent has come back, and is then moved to it at once.
    pub async fn connect(&self, profile: &ProfileName) -> Result<Connect, Error> {
        self.profile(profile)?;
        let Some(public) = &self.rooms.public_url else {
            let message =
                "the host does not know where browsers reach it; start it with `lockgate serve --public-url`";
            return Err(Error::new(Kind::Refused, "no_public_url", message));
        };
        let redirect_uri = format!("{public}{CALLBACK_PATH}");
        let of = self.key_of(profile);
        let hand_off = self.rooms.vault.connect(&of, &self.actor, &redirect_uri).await?;
        Ok(Connect { url: format!("{public}{START_PATH}{}", hand_off.id), expires_at: hand_off.expires_at })
    }

    /// Gives the tokens back to the provider, as far as it listens, and destroys them. The client's secret stays.
    pub async fn disconnect(&self, profile: &ProfileName) -> Result<Profile, Error> {
        self.profile(profile)?;
        self.rooms.vault.disconnect(&self.key_of(profile), &self.actor).await?;
        self.profile(profile)
    }

    /// Gets a new token now, also where the provider has refused one before.
    pub async fn renew_token(&self, profile: &ProfileName) -> Result<Profile, Error> {
        self.profile(profile)?;
        self.rooms.vault.renew(&self.key_of(profile)).await?;
        self.profile(profile)
    }

    pub(crate) fn key_of(&self, profile: &ProfileName) -> ProfileKey {
        ProfileKey { tenant: self.id.clone(), profile: profile.clone() }
    }
}

impl Host {
    /// Whether browsers reach this host over TLS: then their cookies need not travel otherwise.
    pub fn is_public_over_tls(&self) -> bool {
        self.rooms.public_url.as_ref().is_some_and(|url| url.scheme() == domain::egress::Scheme::Https)
    }

    /// A browser opened a link: where it goes, and what it must keep until it comes back.
    pub async fn open_consent(&self, id: &str) -> Result<Opened, Error> {
        Ok(self.rooms.vault.open(id).await?)
    }

    /// A browser came back: with what the provider gave it, and with what it kept.
    pub async fn complete_consent(
        &self,
        callback: Callback,
        browser: Option<Secret>,
    ) -> Result<Connected, Error> {
        let connected = self.rooms.vault.complete(callback, browser).await?;
        self.tenant(connected.tenant.as_str())?.wake_waiting(&connected.profile).await;
        Ok(connected)
    }

    /// Renews the tokens that nobody has used for as long as their schemes say. A host does so by itself.
    pub async fn keep_tokens_alive(&self) -> Result<(), Error> {
        keep_alive(&self.rooms).await
    }
}

/// Ends with the last handle to the host.
pub(crate) fn spawn_keep_alive(rooms: &Arc<Rooms>) {
    let rooms: Weak<Rooms> = Arc::downgrade(rooms);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(KEEP_ALIVE_EVERY).await;
            let Some(rooms) = rooms.upgrade() else { return };
            if let Err(error) = keep_alive(&rooms).await {
                tracing::error!(%error, "idle tokens cannot be looked for");
            }
        }
    });
}

async fn keep_alive(rooms: &Rooms) -> Result<(), Error> {
    let mut tenants = Paging::first(PAGE_ITEMS_MAX);
    loop {
        let page = rooms.store.tenants(&tenants)?;
        for tenant in page.items {
            keep_alive_of(rooms, &tenant.id).await?;
        }
        let Some(next) = page.next else { return Ok(()) };
        tenants = Paging::after(next, PAGE_ITEMS_MAX);
    }
}

async fn keep_alive_of(rooms: &Rooms, tenant: &TenantId) -> Result<(), Error> {
    let mut profiles = Paging::first(PAGE_ITEMS_MAX);
    loop {
        let page = rooms.store.profiles(tenant, &profiles)?;
        for row in page.items.into_iter().filter(|row| is_idle(&row.value, rooms.clock.now())) {
            let of = ProfileKey { tenant: tenant.clone(), profile: row.value.name };
            if let Err(error) = rooms.vault.keep_alive(&of).await {
                tracing::warn!(%tenant, profile = %of.profile, code = error.code(), "an idle token cannot be renewed");
            }
        }
        let Some(next) = page.next else { return Ok(()) };
        profiles = Paging::after(next, PAGE_ITEMS_MAX);
    }
}

/// Told by the row alone: no secret is opened to find out.
fn is_idle(profile: &Profile, now: Timestamp) -> bool {
    let Some(AuthScheme::Oauth2(scheme)) = profile.auth.as_ref().map(|auth| &auth.scheme) else {
        return false;
    };
    let by_person = scheme.grant == Oauth2Grant::AuthorizationCode;
    let token = profile.credential.token.as_ref().filter(|token| token.renewable);
    let idle =
        token.is_some_and(|token| domain::oauth::is_idle(now, token.obtained_at, scheme.keep_alive_hours));
    by_person && idle && profile.enabled && profile.credential.problem.is_none()
}

impl From<OauthError> for Error {
    fn from(error: OauthError) -> Self {
        let kind = match &error {
            OauthError::NoProfile => Kind::NotFound,
            OauthError::Busy => Kind::OverQuota,
            OauthError::Overtaken => Kind::Conflict,
            OauthError::Refused { .. } | OauthError::Unavailable { .. } => Kind::Remote,
            OauthError::Store(_) | OauthError::NoNetwork => Kind::Internal,
            _ => Kind::Refused,
        };
        match error {
            OauthError::Store(error) => error.into(),
            error => Self::new(kind, error.code(), error.to_string()),
        }
    }
}
