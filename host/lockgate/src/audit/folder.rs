//! Every chain of a data folder that no host has open: for when the host's own answer is not to be trusted.

use std::path::{Path, PathBuf};

use domain::audit::{Chain, Head};
use store::{PAGE_ITEMS_MAX, Paging, Store, Tenants as _};

use super::{Verdict, verify};
use crate::builder::Key;
use crate::error::Error;
use crate::keys::key_of;
use crate::system::{OsRandomness, off_the_workers};

/// Reads every chain of the folder, or only the one of `only`, in which `noted` must then be. The key is `key`, or the
/// file `lockgate.key` in the folder; nothing is made where there is nothing.
pub async fn verify_folder(
    data_dir: impl Into<PathBuf>,
    key: Option<Key>,
    only: Option<Chain>,
    noted: Option<Head>,
) -> Result<Vec<(Chain, Verdict)>, Error> {
    let folder = data_dir.into();
    off_the_workers(move || read(&folder, key, only, noted.as_ref())).await?
}

fn read(
    folder: &Path,
    key: Option<Key>,
    only: Option<Chain>,
    noted: Option<&Head>,
) -> Result<Vec<(Chain, Verdict)>, Error> {
    let key = key_of(folder, key)?;
    let store = Store::inspect(folder, key, &OsRandomness)?;
    let chains = match only {
        Some(chain) => vec![chain],
        None => chains(&store)?,
    };
    chains
        .into_iter()
        .map(|chain| {
            let verdict = verify(&store, &chain, noted)?;
            Ok((chain, verdict))
        })
        .collect()
}

fn chains(store: &Store) -> Result<Vec<Chain>, Error> {
    let mut chains = vec![Chain::Host];
    let mut paging = Paging::first(PAGE_ITEMS_MAX);
    loop {
        let page = store.tenants(&paging)?;
        chains.extend(page.items.into_iter().map(|tenant| Chain::Tenant(tenant.id)));
        match page.next {
            Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
            None => return Ok(chains),
        }
    }
}
