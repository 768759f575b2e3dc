//! Tokens: made, listed and ended by an operator; and who one is.

use axum::Json;
use axum::http::StatusCode;
use domain::token::{self as rows, Bearer};
use domain::{Timestamp, TokenId};
use lockgate::{Speaker, TokenFor};

use crate::body::Json as Body;
use crate::caller::{AsOperator, Caller};
use crate::dto::{NewToken, NewTokenMade, Page, Role, Token, Whoami};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

/// Makes a token. Its text is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/v1/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, description = "Made.", body = NewTokenMade))
)]
pub(crate) async fn create_token(
    AsOperator(host): AsOperator,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<NewTokenMade>), Problem> {
    let (bearer, role) = match (new.role, new.tenant) {
        (Role::Operator, None) => (Bearer::Operator, rows::Role::Owner),
        (Role::Operator, Some(_)) => {
            return Err(Problem::bad_request("invalid_token", "an operator's token has no `tenant`"));
        }
        (role, Some(tenant)) => (Bearer::Tenant { tenant: tenant.parse()? }, role.within_tenant()),
        (_, None) => {
            return Err(Problem::bad_request("invalid_token", "a tenant's token needs `tenant`"));
        }
    };
    let expires_at = new.expires_at.map(Timestamp::try_from).transpose().map_err(|error| {
        Problem::bad_request("invalid_token", format!("expires_at cannot be read: {error}"))
    })?;
    let made = host.make_token(TokenFor { bearer, role, expires_at }).await?;
    Ok((StatusCode::CREATED, Json(NewTokenMade { token: made.text, row: made.token.into() })))
}

/// All tokens, without their texts.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "tokens", params(Paging),
    responses((status = 200, description = "One page.", body = Page<Token>))
)]
pub(crate) async fn list_tokens(
    AsOperator(host): AsOperator,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Token>>, Problem> {
    let page = host.tokens(paging.after()?, paging.limit()?)?;
    Ok(Json(Page::of(page, Token::from)))
}

/// Ends a token at once.
#[utoipa::path(
    delete, path = "/v1/tokens/{id}", tag = "tokens", params(("id" = String, Path, description = "The token.")),
    responses((status = 204, description = "It is no longer valid."))
)]
pub(crate) async fn revoke_token(
    AsOperator(host): AsOperator,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, Problem> {
    host.revoke_token(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// For whom the token speaks.
#[utoipa::path(
    get, path = "/v1/whoami", tag = "tokens",
    responses((status = 200, description = "The caller.", body = Whoami))
)]
pub(crate) async fn whoami(Caller(speaker): Caller) -> Json<Whoami> {
    Json(match speaker {
        Speaker::Operator => Whoami { role: Role::Operator, tenant: None },
        Speaker::Tenant { tenant, role } => Whoami { role: role.into(), tenant: Some(tenant.to_string()) },
    })
}
