//! Whether the host answers. It says nothing about anybody.

use axum::Json;

use crate::dto::Health;

/// Answers while the host serves.
#[utoipa::path(get, path = "/healthz", tag = "host", responses((status = 200, description = "It serves.", body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}
