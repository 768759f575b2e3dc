//! Whose signature a tenant wants under what it uploads.

use domain::Digest;
use domain::audit::{Subject, Verb};
use domain::signing::{InvalidSigning, NotSigned, PublicKey, Signature, Signers};
use store::{Expect, Signers as _};

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

impl Tenant {
    /// The keys of which one must have signed an upload; none where unsigned ones are taken.
    pub fn signers(&self) -> Result<Vec<PublicKey>, Error> {
        Ok(self.rooms.store.signers(&self.id)?.map(|row| row.value.keys).unwrap_or_default())
    }

    /// Replaces them. What was uploaded before stays as it is.
    pub async fn set_signers(&self, keys: Vec<PublicKey>) -> Result<Vec<PublicKey>, Error> {
        let signers = Signers::new(keys)?;
        let mut change = self.change(Verb::SignersSet, Subject::signers(), &["keys"]);
        self.enrol(change.commit())?;
        change.put_signers(&self.id, &signers, Expect::Any);
        self.rooms.store.commit(change).await?;
        Ok(signers.keys)
    }

    /// Judges a signature by the policy as it is now, which is also what must still be in force when the upload is
    /// committed.
    pub(crate) fn judge_signature(
        &self,
        component: &Digest,
        signature: Option<&Signature>,
    ) -> Result<Expect, Error> {
        let Some(row) = self.rooms.store.signers(&self.id)? else { return Ok(Expect::Absent) };
        row.value.accept(component, signature)?;
        Ok(Expect::Version(row.version))
    }
}

impl From<NotSigned> for Error {
    fn from(error: NotSigned) -> Self {
        let code = match error {
            NotSigned::Missing => "signature_missing",
            NotSigned::Untrusted(_) => "signature_untrusted",
            NotSigned::Wrong => "signature_wrong",
        };
        Self::new(Kind::Refused, code, error.to_string())
    }
}

impl From<InvalidSigning> for Error {
    fn from(error: InvalidSigning) -> Self {
        Self::new(Kind::Invalid, "invalid_signing", error.to_string())
    }
}
