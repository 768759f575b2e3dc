//! A guest whose system wants OAuth 2: it asks who it speaks for, and never learns how it may.
#![expect(clippy::indexing_slicing, reason = "an index into JSON gives null where there is nothing")]

use std::collections::BTreeMap;

use lockgate_sdk::http::Request;
use lockgate_sdk::manifest::{
    self, Action, AuthScheme, Category, Effect, HostInput, InputKind, Manifest, Oauth2, Oauth2Grant,
};
use lockgate_sdk::{Connector, Error, Input, Value, json, profile};

struct Consenting;

impl Connector for Consenting {
    fn describe() -> Manifest {
        let scheme = Oauth2 {
            authorize_url: Some("{base_url}/auth".to_owned()),
            revoke_url: Some("{base_url}/token/revocation".to_owned()),
            issuer: Some("{base_url}".to_owned()),
            scopes: BTreeMap::from([("me:read".to_owned(), vec!["openid".to_owned()])]),
            ..Oauth2::new(Oauth2Grant::AuthorizationCode, "{base_url}/token")
        };
        Manifest {
            auth: vec![AuthScheme::Oauth2(Box::new(scheme))],
            config: json!({ "type": "object", "properties": { "base_url": { "type": "string" } } }),
            inputs: vec![HostInput { name: "base_url".to_owned(), kind: InputKind::Origin, default: None }],
            hosts: vec!["{base_url}".to_owned()],
            scopes: vec![manifest::scope("me:read", "Read who it is", &[("GET", "/me")])],
            actions: vec![Action {
                scopes: vec!["me:read".to_owned()],
                ..manifest::action("whoami", "Say who it is", Effect::Read)
            }],
            ..manifest::new("consenting", "0.1.0", "Consenting", Category::Custom)
        }
    }

    fn check() -> Result<(), Error> {
        me().map(|_| ())
    }

    fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.into_iter().map(|_| me()).collect()
    }
}

fn me() -> Result<Value, Error> {
    let config: Value = profile::config()?;
    let base = config["base_url"].as_str().unwrap_or_default();
    let answer = Request::get(format!("{base}/me")).send()?.error_for_status()?;
    answer.json()
}

lockgate_sdk::export!(Consenting);
