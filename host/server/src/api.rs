//! The routes, one file per noun.

mod audit;
mod cassettes;
mod connectors;
mod dead_letters;
mod events;
mod flows;
mod health;
mod hooks;
mod incoming;
pub(crate) mod logs;
mod oauth;
pub(crate) mod openapi;
mod profiles;
mod quotas;
mod records;
mod replays;
mod runs;
mod signers;
mod tokens;

use domain::token::Role;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::router::{Access, Group};

/// Every route stands in exactly one group; the group decides who may use it. A reader's group has only GETs, and
/// whoever adds a route has to choose the group: there is no route outside of one.
pub(crate) fn groups() -> [Group; 6] {
    [
        (Access::Public, public()),
        (Access::Anyone, anyone()),
        (Access::Tenant(Role::Reader), reader()),
        (Access::Tenant(Role::Editor), editor()),
        (Access::Tenant(Role::Owner), owner()),
        (Access::Operator, operator()),
    ]
}

fn public() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(health::healthz))
        .routes(routes!(openapi::openapi_json))
        .routes(routes!(oauth::start_consent))
        .routes(routes!(oauth::finish_consent))
        .routes(routes!(incoming::receive_event))
}

/// Looks at what the token itself stands for.
fn anyone() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(tokens::whoami))
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit::verify_audit))
        .routes(routes!(audit::export_audit))
}

/// Looks, and changes nothing.
fn reader() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(connectors::list_connectors))
        .routes(routes!(connectors::show_connector))
        .routes(routes!(connectors::show_manifest))
        .routes(routes!(signers::list_signers))
        .routes(routes!(profiles::rows::list_profiles))
        .routes(routes!(profiles::rows::show_profile))
        .routes(routes!(profiles::versions::show_diff))
        .routes(routes!(profiles::policy::show_proposal))
        .routes(routes!(profiles::drift::show_drift))
        .routes(routes!(hooks::list_hooks))
        .routes(routes!(hooks::show_hook))
        .routes(routes!(flows::list_flows))
        .routes(routes!(flows::show_flow))
        .routes(routes!(runs::list_runs))
        .routes(routes!(runs::show_run))
        .routes(routes!(cassettes::list_cassettes))
        .routes(routes!(cassettes::list_cassettes_of_run))
        .routes(routes!(cassettes::show_recording))
        .routes(routes!(dead_letters::list_dead_letters))
        .routes(routes!(dead_letters::show_dead_letter))
        .routes(routes!(replays::list_replays))
        .routes(routes!(replays::show_replay))
        .routes(routes!(records::find_records))
        .routes(routes!(logs::list_logs))
        .routes(routes!(quotas::show_quotas))
        .routes(routes!(events::list_events))
        .routes(routes!(events::list_subscriptions))
        .routes(routes!(events::show_subscription))
        .routes(routes!(events::list_deliveries))
}

/// The daily work, within the rights that an owner gave.
fn editor() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(connectors::upload_connector))
        .routes(routes!(connectors::delete_connector))
        .routes(routes!(profiles::rows::create_profile))
        .routes(routes!(profiles::rows::enable_profile))
        .routes(routes!(profiles::rows::disable_profile))
        .routes(routes!(profiles::rows::set_tracing))
        .routes(routes!(profiles::versions::upgrade))
        .routes(routes!(profiles::versions::judge))
        .routes(routes!(profiles::canary::start_canary, profiles::canary::stop_canary))
        .routes(routes!(profiles::canary::promote_canary))
        .routes(routes!(profiles::policy::explain))
        .routes(routes!(profiles::policy::observe))
        .routes(routes!(profiles::drift::clear_drift))
        .routes(routes!(profiles::calls::check_profile))
        .routes(routes!(profiles::calls::refresh_profile))
        .routes(routes!(profiles::calls::run_action))
        .routes(routes!(hooks::enable_hook))
        .routes(routes!(hooks::disable_hook))
        .routes(routes!(hooks::test_hook))
        .routes(routes!(flows::create_flow))
        .routes(routes!(flows::update_flow))
        .routes(routes!(flows::run_flow))
        .routes(routes!(flows::resume_flow))
        .routes(routes!(flows::enable_flow))
        .routes(routes!(flows::disable_flow))
        .routes(routes!(flows::delete_flow))
        .routes(routes!(runs::cancel_run))
        .routes(routes!(cassettes::export_cassette))
        .routes(routes!(dead_letters::replay_dead_letter))
        .routes(routes!(events::test_subscription))
        .routes(routes!(events::enable_subscription))
        .routes(routes!(events::disable_subscription))
        .routes(routes!(dead_letters::edit_dead_letter))
        .routes(routes!(dead_letters::discard_dead_letter))
        .routes(routes!(replays::start_replay))
        .routes(routes!(replays::cancel_replay))
}

/// Rights and secrets; a profile is removed with both.
fn owner() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(hooks::create_hook))
        .routes(routes!(hooks::rotate_hook_secret))
        .routes(routes!(hooks::retire_hook_secret))
        .routes(routes!(hooks::delete_hook))
        .routes(routes!(profiles::rows::delete_profile))
        .routes(routes!(profiles::rights::grant))
        .routes(routes!(cassettes::set_recording))
        .routes(routes!(signers::set_signers))
        .routes(routes!(profiles::rights::revoke))
        .routes(routes!(profiles::versions::consent))
        .routes(routes!(profiles::consents::connect, profiles::consents::disconnect))
        .routes(routes!(profiles::consents::renew_token))
        .routes(routes!(profiles::secrets::set_credential))
        .routes(routes!(events::create_subscription))
        .routes(routes!(events::delete_subscription))
        .routes(routes!(events::rotate_subscription_secret))
        .routes(routes!(profiles::secrets::set_secret))
}

fn operator() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(quotas::show_tenants_quotas))
}
