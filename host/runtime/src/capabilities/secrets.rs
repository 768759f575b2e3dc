//! `secrets`: handles to the profile's secrets. Nothing here can return the bytes of one.

use std::sync::Arc;

use domain::call::Limits;
use domain::cassette::{Answer, Asked, Bytes, Mac};
use domain::injected::{CredentialError, HmacAlgorithm};
use domain::{Credentials, Denial, Gate, ProfileKey, SecretName};
use wasmtime::component::{HasData, Resource, ResourceTable};

use crate::bindings::{secrets, types};
use crate::deck::{Asking, Deck, NO_SUCH_ANSWER};
use crate::failure::HostFailed;
use crate::gauges::{Meter, Share};

/// What the handle of a guest stands for: a name that was checked when it was opened.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct OpenedSecret {
    name: SecretName,
}

type Holder = (ProfileKey, Arc<dyn Credentials>);

/// The profile whose secrets may be used, if any, and the handles that the call has open.
pub(crate) struct SecretsState {
    holder: Option<Holder>,
    opened: ResourceTable,
    open: Share,
    deck: Deck,
}

impl SecretsState {
    pub(crate) fn new(holder: Option<Holder>, limits: &Limits, meter: &Arc<Meter>, deck: Deck) -> Self {
        let mut opened = ResourceTable::new();
        opened.set_max_capacity(limits.handles);
        Self { holder, opened, open: Share::of(meter, |meter| &meter.secrets_open, 0), deck }
    }

    fn name(&self, handle: &Resource<OpenedSecret>) -> wasmtime::Result<SecretName> {
        Ok(self.opened.get(handle)?.name.clone())
    }

    /// Whose secrets they are. A handle exists only where there is a holder.
    fn holder(&self) -> wasmtime::Result<(&ProfileKey, &dyn Credentials)> {
        match &self.holder {
            Some((profile, credentials)) => Ok((profile, &**credentials)),
            None => Err(HostFailed("a secret was opened without a profile").into()),
        }
    }

    fn push(&mut self, name: SecretName) -> wasmtime::Result<Resource<OpenedSecret>> {
        let handle = self.opened.push(OpenedSecret { name })?;
        self.open.add(1);
        Ok(handle)
    }

    /// Takes down what a question about a secret was answered, and gives it to the guest.
    fn told<T>(
        &self,
        place: Option<usize>,
        result: Result<T, CredentialError>,
        good: impl FnOnce(&T) -> Answer,
    ) -> wasmtime::Result<Result<T, types::Denial>> {
        let result = match result {
            Ok(value) => Ok(value),
            Err(error) => Err(refused(error)?),
        };
        self.deck
            .answer(place, || result.as_ref().map_or_else(|denial| Answer::Denied(denial.clone()), good));
        Ok(result.map_err(Into::into))
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
        let place = match self.deck.ask(|| Asked::OpenSecret { name: name.clone() })? {
            Asking::Played(Answer::Done) => {
                return Ok(Ok(self.push(name.parse().map_err(|_| NO_SUCH_ANSWER)?)?));
            }
            Asking::Played(Answer::Denied(denial)) => return Ok(Err(denial.into())),
            Asking::Played(_) => return Err(NO_SUCH_ANSWER.into()),
            Asking::Live(place) => place,
        };
        let found = find(self.holder.as_ref(), &name).await?;
        self.deck.answer(place, || {
            found.as_ref().map_or_else(|denial| Answer::Denied(denial.clone()), |_| Answer::Done)
        });
        match found {
            Ok(name) => Ok(Ok(self.push(name)?)),
            Err(denial) => Ok(Err(denial.into())),
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
        let name = self.name(&handle)?;
        let (algorithm, mac) = match algorithm {
            secrets::Algorithm::HmacSha256 => (HmacAlgorithm::Sha256, Mac::HmacSha256),
            secrets::Algorithm::HmacSha512 => (HmacAlgorithm::Sha512, Mac::HmacSha512),
        };
        let asked = || Asked::Hmac { secret: name.to_string(), algorithm: mac, data: Bytes(data.clone()) };
        let place = match self.deck.ask(asked)? {
            Asking::Played(Answer::Bytes(code)) => return Ok(Ok(code.0)),
            Asking::Played(Answer::Denied(denial)) => return Ok(Err(denial.into())),
            Asking::Played(_) => return Err(NO_SUCH_ANSWER.into()),
            Asking::Live(place) => place,
        };
        let (profile, credentials) = self.holder()?;
        let result = credentials.hmac(profile, &name, algorithm, &data).await;
        self.told(place, result, |code| Answer::Bytes(Bytes(code.clone())))
    }

    async fn fingerprint(
        &mut self,
        handle: Resource<OpenedSecret>,
    ) -> wasmtime::Result<Result<String, types::Denial>> {
        let name = self.name(&handle)?;
        let place = match self.deck.ask(|| Asked::Fingerprint { secret: name.to_string() })? {
            Asking::Played(Answer::Text(print)) => return Ok(Ok(print)),
            Asking::Played(Answer::Denied(denial)) => return Ok(Err(denial.into())),
            Asking::Played(_) => return Err(NO_SUCH_ANSWER.into()),
            Asking::Live(place) => place,
        };
        let (profile, credentials) = self.holder()?;
        let result = credentials.fingerprint(profile, &name).await;
        self.told(place, result, |print| Answer::Text(print.clone()))
    }

    async fn drop(&mut self, handle: Resource<OpenedSecret>) -> wasmtime::Result<()> {
        self.opened.delete(handle)?;
        self.open.take(1);
        Ok(())
    }
}

/// Whether there is a secret of this name, or why it cannot be used.
async fn find(holder: Option<&Holder>, name: &str) -> wasmtime::Result<Result<SecretName, Denial>> {
    let Some((profile, credentials)) = holder else {
        let remedy = "open secrets in `check`, `run`, `poll` or `receive`, which work for a profile";
        return Ok(Err(Denial::new(Gate::Capability, "this call has no secrets", remedy)));
    };
    let name = match name.parse::<SecretName>() {
        Ok(name) => name,
        Err(invalid) => {
            let remedy = "use the name in the manifest";
            return Ok(Err(Denial::new(Gate::Credential, invalid.to_string(), remedy)));
        }
    };
    match credentials.holds(profile, &name).await {
        Ok(true) => Ok(Ok(name)),
        Ok(false) => Ok(Err(refused(CredentialError::Missing(name))?)),
        Err(error) => Ok(Err(refused(error)?)),
    }
}

/// A missing or unusable secret is the operator's to mend, and a value; a store that cannot be read ends the call.
fn refused(error: CredentialError) -> wasmtime::Result<Denial> {
    match &error {
        CredentialError::Missing(name)
        | CredentialError::Unusable(name)
        | CredentialError::Tampered { name, .. } => {
            let remedy = format!("set the secret {name} of the profile");
            Ok(Denial::new(Gate::Credential, error.to_string(), remedy))
        }
        // Of the profile's own credential, which no handle opens.
        CredentialError::NotConnected
        | CredentialError::Refused { .. }
        | CredentialError::Unavailable { .. }
        | CredentialError::Denied(_)
        | CredentialError::Store => Err(HostFailed("the secret store cannot be read").into()),
    }
}
