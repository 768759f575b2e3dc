//! Connectors: upload, list, show, remove.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use domain::ConnectorName;
use domain::signing::{InvalidSigning, Signature};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::body::{Bounds, essence, read};
use crate::caller::OfTenant;
use crate::dto::{Connector, ConnectorManifest, ConnectorSummary, Page, Uploaded};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

/// Carries the signature of a component, where the tenant asks for one.
const SIGNATURE: &str = "x-lockgate-signature";

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadAs {
    /// Keep it as a version in development: `1.4.0-dev.1` where its manifest says `1.4.0`.
    #[serde(default)]
    pub(crate) dev: bool,
}

/// Uploads a component. It is admitted, or refused with the reason; the same bytes twice change nothing.
#[utoipa::path(
    post, path = "/v1/connectors", tag = "connectors",
    params(
        ("x-lockgate-signature" = Option<String>, Header, description = "`KEY:SIGNATURE` in base64, where the tenant asks for one."),
        UploadAs,
    ),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "A WebAssembly component."),
    responses(
        (status = 201, description = "Admitted and kept.", body = Uploaded),
        (status = 200, description = "The same bytes were there before.", body = Uploaded),
    )
)]
pub(crate) async fn upload_connector(
    OfTenant(tenant): OfTenant,
    State(app): State<App>,
    Query(UploadAs { dev }): Query<UploadAs>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<Uploaded>), Problem> {
    let (parts, body) = request.into_parts();
    if essence(&parts.headers).as_deref() != Some("application/wasm") {
        let detail = "send the component itself as `content-type: application/wasm`";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let signature = signature(&parts.headers)?;
    // Taken before the first byte is read: waiting components would fill the memory.
    let Some(_place) = app.uploads.take(tenant.id()) else {
        let detail = "too many components are being uploaded at once; try again in a moment";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail));
    };
    let bounds = Bounds { bytes_max: app.options.upload_bytes_max, time: app.options.upload_time() };
    let bytes = read(&parts.headers, body, bounds).await?;
    let uploaded = if dev {
        tenant.upload_in_development(bytes, signature.as_ref()).await?
    } else {
        tenant.upload_signed(bytes, signature.as_ref()).await?
    };
    let status = if uploaded.existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(uploaded.into())))
}

/// At most one header of this name: two readers must never see two different signatures.
fn signature(headers: &HeaderMap) -> Result<Option<Signature>, Problem> {
    let mut values = headers.get_all(SIGNATURE).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let parsed = value.to_str().ok().filter(|_| values.next().is_none()).and_then(|text| text.parse().ok());
    let refused =
        || Problem::bad_request("invalid_signing", format!("{SIGNATURE} is {}", InvalidSigning::Signature));
    parsed.map(Some).ok_or_else(refused)
}

/// All connectors, by name and version.
#[utoipa::path(
    get, path = "/v1/connectors", tag = "connectors", params(Paging),
    responses((status = 200, description = "One page.", body = Page<ConnectorSummary>))
)]
pub(crate) async fn list_connectors(
    OfTenant(tenant): OfTenant,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ConnectorSummary>>, Problem> {
    let page = tenant.connectors(paging.after()?, paging.limit()?)?;
    Ok(Json(Page::of(page, |connector| (&connector).into())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Version {
    /// This version; the highest unless given.
    pub(crate) version: Option<String>,
}

/// One connector with everything that it asks for.
#[utoipa::path(
    get, path = "/v1/connectors/{name}", tag = "connectors",
    params(("name" = String, Path, description = "The connector."), Version),
    responses((status = 200, description = "The connector.", body = Connector))
)]
pub(crate) async fn show_connector(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ConnectorName>,
    Query(Version { version }): Query<Version>,
) -> Result<Json<Connector>, Problem> {
    Ok(Json(tenant.connector(&name, version.as_deref())?.into()))
}

/// The manifest of one connector as its component says it, with what it imports and exports: what two versions are
/// compared by.
#[utoipa::path(
    get, path = "/v1/connectors/{name}/manifest", tag = "connectors",
    params(("name" = String, Path, description = "The connector."), Version),
    responses((status = 200, description = "The manifest.", body = ConnectorManifest))
)]
pub(crate) async fn show_manifest(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ConnectorName>,
    Query(Version { version }): Query<Version>,
) -> Result<Json<ConnectorManifest>, Problem> {
    Ok(Json(tenant.connector(&name, version.as_deref())?.into()))
}

/// Removes one version; refused while a profile uses it.
#[utoipa::path(
    delete, path = "/v1/connectors/{name}/versions/{version}", tag = "connectors",
    params(
        ("name" = String, Path, description = "The connector."),
        ("version" = String, Path, description = "The version."),
    ),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_connector(
    OfTenant(tenant): OfTenant,
    Path((name, version)): Path<(ConnectorName, String)>,
) -> Result<StatusCode, Problem> {
    tenant.delete_connector(&name, &version).await?;
    Ok(StatusCode::NO_CONTENT)
}
