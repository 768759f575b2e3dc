//! The profile's secrets, as handles. The bytes stay in the host: nothing here reveals them.

use crate::Denial;
#[cfg(target_arch = "wasm32")]
use crate::bindings::connector::lockgate::connector::secrets as import;

/// The hash function of [`Secret::hmac`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
}

/// Opens a secret that the profile holds, by name. The manifest must list the name in `secrets`.
///
/// Natively no profile holds any secret: each is denied.
///
/// ```
/// use lockgate_sdk::secrets;
///
/// let refused = secrets::open("signing-key").err();
/// assert_eq!(refused.map(|denial| denial.gate).as_deref(), Some("secrets"));
/// ```
pub fn open(name: &str) -> Result<Secret, Denial> {
    #[cfg(target_arch = "wasm32")]
    return import::open(name).map(|handle| Secret { handle }).map_err(Denial::from);

    #[cfg(not(target_arch = "wasm32"))]
    Err(Denial {
        gate: "secrets".to_owned(),
        reason: format!("no profile holds {name:?} outside a host"),
        remedy: "call it as a component".to_owned(),
    })
}

/// A secret that stays in the host.
pub struct Secret {
    #[cfg(target_arch = "wasm32")]
    handle: import::Secret,
    #[cfg(not(target_arch = "wasm32"))]
    never: std::convert::Infallible,
}

impl Secret {
    /// Authenticates `data` with the secret as the key.
    ///
    /// ```
    /// use lockgate_sdk::{Error, secrets};
    ///
    /// fn sign(body: &[u8]) -> Result<Vec<u8>, Error> {
    ///     let key = secrets::open("signing-key")?;
    ///     Ok(key.hmac(secrets::Algorithm::HmacSha256, body)?)
    /// }
    /// # assert!(sign(b"body").is_err());
    /// ```
    pub fn hmac(&self, algorithm: Algorithm, data: &[u8]) -> Result<Vec<u8>, Denial> {
        #[cfg(target_arch = "wasm32")]
        {
            let algorithm = match algorithm {
                Algorithm::HmacSha256 => import::Algorithm::HmacSha256,
                Algorithm::HmacSha512 => import::Algorithm::HmacSha512,
            };
            self.handle.hmac(algorithm, data).map_err(Denial::from)
        }
        #[cfg(not(target_arch = "wasm32"))]
        {
            let _ = (algorithm, data);
            match self.never {}
        }
    }

    /// Sixteen hexadecimal characters that change when the secret does, and tell nothing else of it.
    ///
    /// ```
    /// use lockgate_sdk::{Error, secrets};
    ///
    /// fn version_of_the_key() -> Result<String, Error> {
    ///     Ok(secrets::open("signing-key")?.fingerprint()?)
    /// }
    /// # assert!(version_of_the_key().is_err());
    /// ```
    pub fn fingerprint(&self) -> Result<String, Denial> {
        #[cfg(target_arch = "wasm32")]
        return self.handle.fingerprint().map_err(Denial::from);

        #[cfg(not(target_arch = "wasm32"))]
        match self.never {}
    }
}
