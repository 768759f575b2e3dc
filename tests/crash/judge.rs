//! Everything that a killed host left, against what it had acknowledged and what the vendors counted.

mod crm;
mod ferry;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lockgate::domain::audit::{Chain, Head};
use lockgate::domain::{Randomness, SecretName, TenantId};
use store::{
    Audit as _, Connectors as _, Flows as _, KeyEncryptionKey, Profiles as _, Purpose, Runs as _, Store,
    StoreError,
};

use crate::worker::{CONSENTING, TENANT};
use crate::world::World;

/// What the host has told us is durable, and what it may not go back behind.
#[derive(Default)]
pub struct Known {
    pub acknowledged: BTreeSet<String>,
    pub credential: u64,
    heads: BTreeMap<String, Head>,
    cursor: i64,
}

/// What is wrong. All are empty when all is well.
#[derive(Default)]
pub struct Found {
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
    pub two_keys: Vec<String>,
    pub problems: Vec<String>,
}

impl Found {
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.lost.iter().chain(&self.doubled).chain(&self.two_keys).chain(&self.problems)
    }

    pub fn add(&mut self, other: Self) {
        self.lost.extend(other.lost);
        self.doubled.extend(other.doubled);
        self.two_keys.extend(other.two_keys);
        self.problems.extend(other.problems);
    }
}

impl Known {
    pub fn note(&mut self, acknowledged: &[String]) {
        for words in acknowledged {
            match words.strip_prefix("credential ").and_then(|number| number.parse().ok()) {
                Some(number) => self.credential = self.credential.max(number),
                None => drop(self.acknowledged.insert(words.clone())),
            }
        }
    }

    /// A cursor only moves on.
    fn cursor_is(&mut self, cursor: i64, found: &mut Found) {
        if cursor < self.cursor {
            found.lost.push(format!("the cursor went back from {} to {cursor}", self.cursor));
        }
        self.cursor = cursor;
    }
}

/// When all has come to rest: what has not taken effect although it should have.
pub fn missing(world: &World, known: &Known) -> Vec<String> {
    match world {
        World::Ferry(depot) => ferry::missing(depot, known),
        World::Crm(town) => crm::missing(town),
    }
}

/// The judge makes nothing.
struct Still;

impl Randomness for Still {
    fn fill(&self, _bytes: &mut [u8]) {}
}

pub fn judge(data: &Path, world: &World, known: &mut Known) -> Found {
    let mut found = Found::default();
    match world {
        World::Ferry(depot) => ferry::vendor(depot, &mut found),
        World::Crm(town) => crm::vendor(town, &mut found),
    }
    if !data.join("store.json").exists() {
        // It was killed before it had a folder to speak of.
        if !known.acknowledged.is_empty() {
            found.lost.push("the whole folder".to_owned());
        }
        return found;
    }
    let key = KeyEncryptionKey::from_file(&data.join("lockgate.key"));
    let store = key.map_err(StoreError::from).and_then(|key| Store::inspect(data, key, &Still));
    match store {
        Err(error) => found.problems.push(format!("the folder does not open: {error}")),
        Ok(store) => {
            let outcome = inside(&store, world, known, &mut found);
            found.problems.extend(outcome.err().map(|error| format!("it cannot be read: {error}")));
        }
    }
    found
}

fn inside(store: &Store, world: &World, known: &mut Known, found: &mut Found) -> Result<(), StoreError> {
    let checked = store.check()?;
    found.problems.extend(
        checked.problems.iter().map(|problem| format!("{} {}: {}", problem.table, problem.key, problem.what)),
    );
    for words in &known.acknowledged {
        if !is_there(store, words)? {
            found.lost.push(format!("{words} was acknowledged"));
        }
    }
    trails(store, known, found)?;
    match world {
        World::Ferry(depot) => ferry::records(store, depot, known, found),
        World::Crm(town) => {
            crm::tokens(store, town, found)?;
            crm::records(store, town, known, found)
        }
    }
}

fn is_there(store: &Store, words: &str) -> Result<bool, StoreError> {
    let acme: TenantId = TENANT.parse().unwrap();
    let consenting = CONSENTING.parse().unwrap();
    match words.split(' ').collect::<Vec<_>>()[..] {
        ["run", id] => Ok(store.run(&acme, &id.parse().unwrap())?.is_some()),
        ["flow", name] => Ok(store.flow(&acme, &name.parse().unwrap())?.is_some()),
        // It is in the inbox or made into a record; that it arrives is asked at the end.
        ["event", _] => Ok(true),
        ["connector", tenant, name] => {
            let found = store.latest_connector(&tenant.parse().unwrap(), &name.parse().unwrap())?;
            Ok(found.is_some_and(|connector| store.component(&connector.value.digest).is_ok()))
        }
        ["connected"] => {
            Ok(store.open_secret(&acme, &consenting, &SecretName::tokens(), Purpose::Tokens)?.is_some())
        }
        ["renewed", version] => {
            let row = store.profile(&acme, &consenting)?;
            Ok(row.is_some_and(|row| row.value.credential.version >= version.parse().unwrap()))
        }
        _ => panic!("nobody acknowledges {words}"),
    }
}

/// Each trail contains the end that it had before, and has not lost an entry.
fn trails(store: &Store, known: &mut Known, found: &mut Found) -> Result<(), StoreError> {
    for chain in [Chain::Host, Chain::Tenant(TENANT.parse().unwrap())] {
        let name = chain.to_string();
        match store.verify_audit(&chain, known.heads.get(&name))? {
            Ok(Some(head)) => drop(known.heads.insert(name, head)),
            Ok(None) => {}
            Err(broken) => {
                found.problems.push(format!("the trail of {name}, entry {}: {}", broken.number, broken.wrong))
            }
        }
    }
    Ok(())
}
