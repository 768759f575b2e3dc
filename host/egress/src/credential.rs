//! Asks for the credential of this profile toward this origin, after every gate has let the request pass.

use domain::egress::{Credential, Permit, Wire};
use domain::injected::CredentialError;
use domain::{Credentials, Denial, FailureCode, Gate, ProfileKey};
use tokio::time::{Instant, timeout_at};

use crate::door::{Refusal, Sender};
use crate::failure;

/// None where the profile has none, or none that is bound to this origin.
pub(crate) async fn for_origin(
    sender: &Sender,
    permit: &Permit<Wire>,
    credentials: &dyn Credentials,
    deadline: Instant,
) -> Result<Option<Credential>, Refusal> {
    let Some(profile) = &sender.profile else { return Ok(None) };
    let key = ProfileKey { tenant: sender.tenant.clone(), profile: profile.clone() };
    match timeout_at(deadline, credentials.credential(&key, permit.origin())).await {
        Ok(Ok(credential)) => Ok(credential),
        Ok(Err(error)) => Err(Refusal::Denied(denial(&error))),
        Err(_) => Err(Refusal::Failed(failure::unsent(FailureCode::TotalTimeout))),
    }
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
        CredentialError::Store => {
            ("the profile's secrets cannot be read".to_owned(), "try again; if it stays, ask the operator")
        }
    };
    Denial::new(Gate::Credential, reason, remedy)
}
