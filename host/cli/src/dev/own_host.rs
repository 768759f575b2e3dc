//! A host in memory, for as long as an author is at work.

use anyhow::Context as _;
use domain::TenantId;
use domain::egress::{Ceiling, Origin};
use domain::token::Bearer;
use lockgate::{Compiler, Host};
use reqwest::Url;
use tokio::net::TcpListener;

use super::args::DevArgs;
use super::tell::Tell;
use crate::args::Remote;
use crate::failure::Failure;

const TENANT: &str = "dev";

pub(super) struct OwnHost {
    host: Host,
    url: Url,
    token: String,
}

impl OwnHost {
    pub(super) async fn start(args: &DevArgs, tell: Tell) -> Result<Self, Failure> {
        let origins: Result<_, _> = args.private.iter().map(Origin::of).collect();
        let private = origins.map_err(|error| Failure::Usage(format!("--private: {error}")))?;
        let ceiling = Ceiling { private, ..Ceiling::default() };
        let builder = Host::builder().ceiling(ceiling).compiler(Compiler::ThisProgram);
        let builder = match args.cache.artefacts() {
            Some(artefacts) => builder.artefacts(artefacts),
            None => builder,
        };
        let host = builder.build().await.context("starting a host in memory")?;
        let tenant: TenantId = TENANT.parse().context("naming the tenant")?;
        let token = host.make_token(Bearer::Tenant { tenant }).await.context("making a token")?;
        let listener = match TcpListener::bind(args.listen).await {
            Ok(listener) => listener,
            // Another host is there, as a rule: any other port will do.
            Err(_) => TcpListener::bind("127.0.0.1:0").await.context("listening on loopback")?,
        };
        let address = listener.local_addr().context("listening on loopback")?;
        host.listens_on(address);
        let url: Url = format!("http://{address}").parse().context("naming the host")?;
        let router = server::router(host.clone(), server::Options::default());
        tokio::spawn(async move { server::serve(listener, router, std::future::pending()).await });
        let shown = url.as_str().trim_end_matches('/').to_owned();
        tell.host(&shown, &token.text);
        Ok(Self { host, url, token: token.text })
    }

    /// How the other commands would speak to it.
    pub(super) fn remote(&self, given: &Remote) -> Remote {
        Remote { url: self.url.clone(), token: Some(self.token.clone()), token_file: None, json: given.json }
    }

    pub(super) async fn stop(self) {
        self.host.shutdown().await;
    }
}
