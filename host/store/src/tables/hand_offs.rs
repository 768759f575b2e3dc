//! Consents that are under way, found by the link that was given out or by the tenant that asked for them.

use domain::TenantId;
use domain::oauth::HandOff;

use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::{Store, keys};

pub trait HandOffs {
    /// By the identifier in its link, whoever's it is.
    fn hand_off(&self, id: &str) -> Result<Option<Versioned<HandOff>>, StoreError>;
    /// Those of one tenant, those that are over included.
    fn hand_offs(&self, tenant: &TenantId) -> Result<Vec<HandOff>, StoreError>;
}

impl HandOffs for Store {
    fn hand_off(&self, id: &str) -> Result<Option<Versioned<HandOff>>, StoreError> {
        // A key consists of parts, and what stands in a link may be anything.
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        self.read(&keys::hand_off(id))
    }

    fn hand_offs(&self, tenant: &TenantId) -> Result<Vec<HandOff>, StoreError> {
        let mut found = Vec::new();
        for id in self.indexed::<String>(&keys::hand_offs_of(tenant))? {
            found.extend(self.hand_off(&id)?.map(|row| row.value));
        }
        Ok(found)
    }
}

impl Commit {
    pub fn put_hand_off(&mut self, hand_off: &HandOff, expect: Expect) {
        self.put(keys::hand_off(&hand_off.id), hand_off, expect);
        self.ensure(keys::hand_off_of(&hand_off.tenant, &hand_off.id));
    }

    /// Whoever deletes it as it was read is the only one who may go on with it.
    pub fn delete_hand_off(&mut self, hand_off: &HandOff, expect: Expect) {
        self.delete(keys::hand_off(&hand_off.id), expect);
        self.delete(keys::hand_off_of(&hand_off.tenant, &hand_off.id), Expect::Any);
    }
}
