//! Secrets: each opens, and is the one that was set last.

use domain::{ProfileName, SecretName, TenantId};

use super::Checked;
use crate::error::StoreError;
use crate::seal::SealedSecret;
use crate::{Store, keys};

impl Store {
    pub(super) fn check_secrets(&self, tenant: &TenantId, checked: &mut Checked) -> Result<(), StoreError> {
        let data_key = match self.data_key(tenant) {
            Ok(data_key) => data_key,
            Err(_) => {
                checked.wrong(
                    keys::data_key(tenant).bytes(),
                    "the tenant's key does not open: no secret of theirs can",
                );
                return Ok(());
            }
        };
        let Ok(newest) = self.newest(tenant, data_key.as_ref()) else {
            checked.wrong(
                keys::newest_secrets(tenant).bytes(),
                "the record of the newest secrets does not open",
            );
            return Ok(());
        };
        self.sound::<SealedSecret>(&keys::all_secrets(tenant), |key, parts, row| {
            let [profile, name] = parts else { return Ok(()) };
            let (Ok(profile), Ok(name)) = (profile.parse::<ProfileName>(), name.parse::<SecretName>()) else {
                checked.wrong(key, "no secret has such a name");
                return Ok(());
            };
            if newest.value.version(&profile, &name) != Some(row.value.version) {
                checked.wrong(key, "it is not the one that was set last");
            }
            let opened = data_key
                .as_ref()
                .map(|data_key| self.open_sealed((tenant, &profile, &name), &row.value, data_key));
            if !matches!(opened, Some(Ok(_))) {
                checked.wrong(key, "it does not open");
            }
            Ok(())
        })
    }
}
