//! `profile`: the settings of the profile that the call works for.

use std::sync::Arc;

use domain::cassette::Asked;
use wasmtime::component::HasData;

use crate::bindings::profile;
use crate::deck::Deck;

/// The configuration as JSON and the granted scopes; an empty object and none where there is no profile.
pub(crate) struct ProfileState {
    pub(crate) config: Arc<str>,
    pub(crate) scopes: Arc<[String]>,
    pub(crate) deck: Deck,
}

pub(crate) struct Profile;

impl HasData for Profile {
    type Data<'a> = &'a mut ProfileState;
}

impl profile::Host for ProfileState {
    fn config(&mut self) -> wasmtime::Result<String> {
        self.deck.note(|| Asked::Config)?;
        Ok(self.config.as_ref().to_owned())
    }

    fn scopes(&mut self) -> wasmtime::Result<Vec<String>> {
        self.deck.note(|| Asked::Scopes)?;
        Ok(self.scopes.to_vec())
    }
}
