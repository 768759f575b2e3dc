//! What every handler is handed.

use std::sync::Arc;

use axum::extract::FromRef;
use domain::places::Places;
use lockgate::Host;

use crate::options::Options;

/// Cheap to clone: one for each request.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) host: Host,
    pub(crate) options: Options,
    pub(crate) uploads: Arc<Places>,
    /// Places for those who follow a log.
    pub(crate) followers: Arc<Places>,
}

impl App {
    pub(crate) fn new(host: Host, options: Options) -> Self {
        let uploads = Arc::new(Places::new(options.uploads_max, options.uploads_per_tenant_max));
        let followers = Arc::new(Places::new(options.followers_max, options.followers_per_tenant_max));
        Self { host, options, uploads, followers }
    }
}

impl FromRef<App> for Host {
    fn from_ref(app: &App) -> Self {
        app.host.clone()
    }
}

impl FromRef<App> for Options {
    fn from_ref(app: &App) -> Self {
        app.options.clone()
    }
}
