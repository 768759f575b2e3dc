//! API tokens, as hashes. They belong to no tenant: a token is what tells the tenant.

use domain::TokenId;
use domain::token::Token;

use crate::backend::Order;
use crate::change::Change;
use crate::commit::{Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

pub trait Tokens {
    fn token(&self, id: &TokenId) -> Result<Option<Versioned<Token>>, StoreError>;
    /// Oldest first.
    fn tokens(&self, paging: &Paging) -> Result<Page<Token>, StoreError>;
}

impl Tokens for Store {
    fn token(&self, id: &TokenId) -> Result<Option<Versioned<Token>>, StoreError> {
        self.read(&keys::token(id))
    }

    fn tokens(&self, paging: &Paging) -> Result<Page<Token>, StoreError> {
        Ok(self.list::<Token>(&keys::tokens(), Order::Ascending, paging)?.map(|row| row.value))
    }
}

impl Change {
    pub fn put_token(&mut self, token: &Token, expect: Expect) {
        self.commit.put(keys::token(&token.id), token, expect);
    }

    pub fn delete_token(&mut self, id: &TokenId, expect: Expect) {
        self.commit.delete(keys::token(id), expect);
    }
}
