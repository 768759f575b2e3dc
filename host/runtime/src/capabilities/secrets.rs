//! `secrets`: handles to the profile's secrets. Nothing here can return the bytes of one.

use std::sync::Arc;

use domain::call::Limits;
use domain::injected::{CredentialError, HmacAlgorithm};
use domain::{Credentials, Denial, Gate, ProfileKey, SecretName};
use wasmtime::component::{HasData, Resource, ResourceTable};

use crate::bindings::{secrets, types};
use crate::failure::HostFailed;
use crate::gauges::{Meter, Share};

/// What the handle of a guest stands for: a name that was checked when it was opened.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct OpenedSecret {
    name: SecretName,
}

/// The profile whose secrets may be used, if any, and the handles that the call has open.
pub(crate) struct SecretsState {
    holder: Option<(ProfileKey, Arc<dyn Credentials>)>,
    opened: ResourceTable,
    open: Share,
}

impl SecretsState {
    pub(crate) fn new(
        holder: Option<(ProfileKey, Arc<dyn Credentials>)>,
        limits: &Limits,
        meter: &Arc<Meter>,
    ) -> Self {
        let mut opened = ResourceTable::new();
        opened.set_max_capacity(limits.handles);
        Self { holder, opened, open: Share::of(meter, |meter| &meter.secrets_open, 0) }
    }

    /// The holder and the name behind a handle. A handle exists only where there is a holder.
    fn opened(
        &self,
        handle: &Resource<OpenedSecret>,
    ) -> wasmtime::Result<(&ProfileKey, &dyn Credentials, &SecretName)> {
        let secret = self.opened.get(handle)?;
        let Some((profile, credentials)) = &self.holder else {
            return Err(HostFailed("a secret was opened without a profile").into());
        };
        Ok((profile, &**credentials, &secret.name))
    }
}

pub(crate) struct Secrets;

impl HasData for Secrets {
    type Data<'a> = &'a mut SecretsState;
}

impl secrets::Host for SecretsState {
    async fn open(
        &mut self,
        name: String,
    ) -> wasmtime::Result<Result<Resource<OpenedSecret>, types::Denial>> {
        let Some((profile, credentials)) = &self.holder else {
            let remedy = "open secrets in `check`, `run`, `poll` or `receive`, which work for a profile";
            return Ok(Err(Denial::new(Gate::Capability, "this call has no secrets", remedy).into()));
        };
        let name = match name.parse::<SecretName>() {
            Ok(name) => name,
            Err(invalid) => {
                let denial =
                    Denial::new(Gate::Credential, invalid.to_string(), "use the name in the manifest");
                return Ok(Err(denial.into()));
            }
        };
        match credentials.holds(profile, &name).await {
            Ok(true) => {
                let handle = self.opened.push(OpenedSecret { name })?;
                self.open.add(1);
                Ok(Ok(handle))
            }
            Ok(false) => Ok(Err(refused(CredentialError::Missing(name))?)),
            Err(error) => Ok(Err(refused(error)?)),
        }
    }
}

impl secrets::HostSecret for SecretsState {
    async fn hmac(
        &mut self,
        handle: Resource<OpenedSecret>,
        algorithm: secrets::Algorithm,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Denial>> {
        let (profile, credentials, name) = self.opened(&handle)?;
        let algorithm = match algorithm {
            secrets::Algorithm::HmacSha256 => HmacAlgorithm::Sha256,
            secrets::Algorithm::HmacSha512 => HmacAlgorithm::Sha512,
        };
        match credentials.hmac(profile, name, algorithm, &data).await {
            Ok(code) => Ok(Ok(code)),
            Err(error) => Ok(Err(refused(error)?)),
        }
    }

    async fn fingerprint(
        &mut self,
        handle: Resource<OpenedSecret>,
    ) -> wasmtime::Result<Result<String, types::Denial>> {
        let (profile, credentials, name) = self.opened(&handle)?;
        match credentials.fingerprint(profile, name).await {
            Ok(fingerprint) => Ok(Ok(fingerprint)),
            Err(error) => Ok(Err(refused(error)?)),
        }
    }

    async fn drop(&mut self, handle: Resource<OpenedSecret>) -> wasmtime::Result<()> {
        self.opened.delete(handle)?;
        self.open.take(1);
        Ok(())
    }
}

/// A missing or unusable secret is the operator's to mend, and a value; a store that cannot be read ends the call.
fn refused(error: CredentialError) -> wasmtime::Result<types::Denial> {
    match &error {
        CredentialError::Missing(name)
        | CredentialError::Unusable(name)
        | CredentialError::Tampered { name, .. } => {
            let remedy = format!("set the secret {name} of the profile");
            Ok(Denial::new(Gate::Credential, error.to_string(), remedy).into())
        }
        // Of the profile's own credential, which no handle opens.
        CredentialError::NotConnected
        | CredentialError::Refused { .. }
        | CredentialError::Unavailable { .. }
        | CredentialError::Denied(_)
        | CredentialError::Store => Err(HostFailed("the secret store cannot be read").into()),
    }
}
