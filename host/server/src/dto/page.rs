//! A part of a list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// In the order that the list promises.
    pub items: Vec<T>,
    /// What to send as `after` for the next part; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn of<R>(page: lockgate::Page<R>, make: impl FnMut(R) -> T) -> Self {
        Self { items: page.items.into_iter().map(make).collect(), next: page.next }
    }
}
