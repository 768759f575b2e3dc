//! API tokens, and who one is.

use std::fmt;

use domain::token as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Makes tokens; sees no tenant's data.
    Operator,
    /// Looks at one tenant's data and changes nothing.
    Reader,
    /// The daily work of one tenant: uploads, profiles, flows, runs, calls; no grants and no secrets.
    Editor,
    /// Everything of one tenant.
    #[serde(alias = "tenant")]
    Owner,
}

impl Role {
    /// How much of its tenant. An operator's token has no tenant, and nobody asks.
    pub(crate) fn within_tenant(self) -> rows::Role {
        match self {
            Self::Reader => rows::Role::Reader,
            Self::Editor => rows::Role::Editor,
            Self::Operator | Self::Owner => rows::Role::Owner,
        }
    }
}

impl From<rows::Role> for Role {
    fn from(role: rows::Role) -> Self {
        match role {
            rows::Role::Reader => Self::Reader,
            rows::Role::Editor => Self::Editor,
            rows::Role::Owner => Self::Owner,
        }
    }
}

/// A token to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it may do.
    pub role: Role,
    /// Whose it is; an operator's has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// From then on it is not valid, as in 2026-11-22T08:30:00Z. Without it, it ends only by being revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// A token, without its text.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its public part.
    pub id: String,
    /// What it may do.
    pub role: Role,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// From then on it is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// A token that was just made. Its text is not kept and cannot be shown again.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewTokenMade {
    /// The bearer token itself.
    pub token: String,
    /// The same without its text, as the list shows it.
    pub row: Token,
}

impl fmt::Debug for NewTokenMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTokenMade").field("row", &self.row).finish_non_exhaustive()
    }
}

/// For whom a token speaks.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Whoami {
    /// What it may do.
    pub role: Role,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

impl From<rows::Token> for Token {
    fn from(row: rows::Token) -> Self {
        let (role, tenant) = match row.bearer {
            rows::Bearer::Operator => (Role::Operator, None),
            rows::Bearer::Tenant { tenant } => (row.role.into(), Some(tenant.to_string())),
        };
        Self {
            id: row.id.to_string(),
            role,
            tenant,
            created_at: row.created_at.to_string(),
            expires_at: row.expires_at.map(|at| at.to_string()),
        }
    }
}
