//! Why the store did not do what it was asked.

use domain::{Blame, Digest};

use crate::key::KeyError;

/// A refusal or a failure of the store. No variant carries a value of a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("{table} {key} has changed meanwhile; read it again and retry")]
    Conflict { table: String, key: String },

    #[error("the stored row of {table} {key} is damaged; restore it from a backup or delete it")]
    Damaged { table: String, key: String },

    #[error("{what} has {bytes} bytes, which is more than the {max} that the store accepts")]
    TooLarge { what: String, bytes: usize, max: usize },

    #[error("{what} cannot be written as JSON: {reason}")]
    NotJson { what: String, reason: String },

    #[error(
        "the audit entry {number} of {chain} cannot be written, because there is one already behind the chain's recorded end; \
         find out with `lockgate audit verify` who changed the database"
    )]
    AuditBroken { chain: String, number: u64 },

    #[error("the page cursor is not one that this list gave; start again without it")]
    BadCursor,

    #[error("a secret must have 1 to {max} bytes; this one has {bytes}")]
    SecretSize { bytes: usize, max: usize },

    #[error("the secret {name} of profile {profile} does not open; set it again")]
    SecretDamaged { profile: String, name: String },

    #[error(
        "the secret {name} of profile {profile} is not the one that was set last: an older row was put back, or its row was removed, by somebody who writes to the database; set it again, and find out who"
    )]
    SecretRolledBack { profile: String, name: String },

    #[error("the component {digest} is not stored here; upload it again")]
    NoComponent { digest: Digest },

    #[error("the stored component {digest} is damaged; upload it again")]
    DamagedComponent { digest: Digest },

    #[error("the data folder {path} is in use by another process; stop it or choose another folder")]
    InUse { path: String },

    #[error(
        "the data folder {path} was made with the engine {found}; open it with {found}, not with {asked}"
    )]
    OtherEngine { path: String, found: String, asked: &'static str },

    #[error(
        "the data folder {path} has format {found}, and this version reads formats {from} to {to}; use the version that wrote it, or a later one"
    )]
    UnknownFormat { path: String, found: u64, from: u64, to: u64 },

    #[error(
        "the data folder {path} holds data but its marker {marker} is missing or unreadable; restore it from a backup"
    )]
    NoMarker { path: String, marker: &'static str },

    #[error(
        "the key-encryption key is not the one that the data folder {path} was made with or last rotated to; give that key"
    )]
    OtherKey { path: String },

    #[error("there is no data folder {path}; give the path that the host is served from")]
    NoStore { path: String },

    #[error(transparent)]
    Key(#[from] KeyError),

    #[error("failed to {doing}: {cause}")]
    Engine { doing: &'static str, cause: String },

    #[error("failed to {doing} {path}: {cause}")]
    File { doing: &'static str, path: String, cause: String },

    #[error("the store accepts no more writes since one failed ({cause}); find the cause, then start again")]
    Stopped { cause: String },
}

impl StoreError {
    /// Who has to act.
    pub fn blame(&self) -> Blame {
        match self {
            Self::TooLarge { .. }
            | Self::NotJson { .. }
            | Self::BadCursor
            | Self::SecretSize { .. }
            | Self::NoComponent { .. }
            | Self::InUse { .. }
            | Self::OtherEngine { .. }
            | Self::UnknownFormat { .. }
            | Self::NoMarker { .. }
            | Self::OtherKey { .. }
            | Self::NoStore { .. }
            | Self::SecretRolledBack { .. }
            | Self::Key(_) => Blame::Operator,
            Self::Conflict { .. }
            | Self::Damaged { .. }
            | Self::SecretDamaged { .. }
            | Self::DamagedComponent { .. }
            | Self::AuditBroken { .. }
            | Self::Engine { .. }
            | Self::File { .. }
            | Self::Stopped { .. } => Blame::Host,
        }
    }

    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "conflict",
            Self::Damaged { .. } | Self::DamagedComponent { .. } => "store_damaged",
            Self::SecretDamaged { .. } => "secret_damaged",
            Self::TooLarge { .. } => "too_large",
            Self::NotJson { .. } => "not_json",
            Self::AuditBroken { .. } => "audit_broken",
            Self::BadCursor => "bad_cursor",
            Self::SecretSize { .. } => "secret_size",
            Self::NoComponent { .. } => "no_component",
            Self::InUse { .. } => "store_in_use",
            Self::OtherEngine { .. } => "store_other_engine",
            Self::UnknownFormat { .. } => "store_unknown_format",
            Self::NoMarker { .. } => "store_no_marker",
            Self::OtherKey { .. } => "store_other_key",
            Self::NoStore { .. } => "no_store",
            Self::SecretRolledBack { .. } => "secret_rolled_back",
            Self::Key(_) => "key",
            Self::Engine { .. } | Self::File { .. } => "store_failed",
            Self::Stopped { .. } => "store_stopped",
        }
    }

    /// Whether someone else was faster: read again, decide again, commit again.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}
