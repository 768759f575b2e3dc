//! Asks for the credential of this profile for this request, after every gate has let it pass, and whether there is another one
//! where the remote refused it.

use domain::egress::{Credential, Outgoing, Permit, Response, Wire};
use domain::injected::{CredentialError, Renewal};
use domain::{Credentials, Denial, FailureCode, Gate, ProfileKey};
use tokio::time::{Instant, timeout_at};

use crate::door::{Refusal, Sender};
use crate::failure;

/// How much of an answer is looked at for a refusal.
const LOOKED_AT_BYTES_MAX: usize = 64 << 10;

/// None where the profile has none, or none that is bound to the request's origin.
pub(crate) async fn for_request(
    sender: &Sender,
    permit: &Permit<Wire>,
    body: &[u8],
    credentials: &dyn Credentials,
    deadline: Instant,
) -> Result<Option<Credential>, Refusal> {
    let Some(key) = key(sender) else { return Ok(None) };
    match timeout_at(deadline, credentials.credential(&key, Outgoing::new(permit, body))).await {
        Ok(Ok(credential)) => Ok(credential),
        Ok(Err(CredentialError::Unavailable { .. })) => {
            Err(Refusal::Failed(failure::unsent(FailureCode::TokenUnavailable)))
        }
        Ok(Err(CredentialError::Denied(denial))) => Err(Refusal::Denied(*denial)),
        Ok(Err(error)) => Err(Refusal::Denied(denial(&error))),
        Err(_) => Err(Refusal::Failed(failure::unsent(FailureCode::TotalTimeout))),
    }
}

/// Whether the same request may succeed with the credential that there is now.
pub(crate) async fn renewed(
    sender: &Sender,
    refused: &Credential,
    answer: &Response,
    credentials: &dyn Credentials,
    deadline: Instant,
) -> bool {
    let Some(key) = key(sender) else { return false };
    if !refused.refused_with.contains(&answer.status) {
        return false;
    }
    let beginning = answer.body.get(..LOOKED_AT_BYTES_MAX).unwrap_or(&answer.body);
    let answer = Response { body: beginning.to_vec(), ..answer.clone() };
    let renewal = timeout_at(deadline, credentials.refused(&key, refused.version, &answer)).await;
    renewal == Ok(Renewal::Renewed)
}

fn key(sender: &Sender) -> Option<ProfileKey> {
    let profile = sender.profile.clone()?;
    Some(ProfileKey { tenant: sender.tenant.clone(), profile })
}

pub(crate) fn unplaceable() -> Denial {
    Denial::new(
        Gate::Credential,
        "the body cannot carry the profile's credential",
        "send a body of the kind that the connector's scheme names",
    )
}

pub(crate) fn unsearchable() -> Denial {
    Denial::new(
        Gate::Credential,
        "the credential is too long to be kept out of responses",
        "set a shorter one",
    )
}

fn denial(error: &CredentialError) -> Denial {
    let (reason, remedy) = match error {
        CredentialError::Missing(name) => {
            (format!("the profile holds no secret named {name}"), "set it with `lockgate profiles secret`")
        }
        CredentialError::Unusable(name) => (
            format!("the secret {name} cannot be used with the profile's auth scheme"),
            "set it again with `lockgate profiles secret`",
        ),
        CredentialError::Tampered { .. } => {
            (error.to_string(), "set it again with `lockgate profiles secret`, and tell the operator")
        }
        CredentialError::NotConnected => (error.to_string(), "consent with `lockgate profiles connect`"),
        CredentialError::Refused { reason, code } => (
            format!(
                "the provider no longer accepts the profile's authorisation: {} ({code})",
                reason.as_str()
            ),
            "consent again with `lockgate profiles connect`, or set the credential again",
        ),
        CredentialError::Unavailable { .. } | CredentialError::Denied(_) => {
            (error.to_string(), "try again later")
        }
        CredentialError::Store => {
            ("the profile's secrets cannot be read".to_owned(), "try again; if it stays, ask the operator")
        }
    };
    Denial::new(Gate::Credential, reason, remedy)
}
