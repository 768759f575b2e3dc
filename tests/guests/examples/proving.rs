//! A guest whose host proves itself with a client's secret, at an endpoint of a server that the configuration chooses.

use lockgate_sdk::http::Request;
use lockgate_sdk::manifest::{
    self, Action, AuthScheme, Category, ClientAuth, Effect, HostInput, InputKind, Manifest, Oauth2,
    Oauth2Grant,
};
use lockgate_sdk::{Connector, Error, Input, Value, json};

const SERVER: &str = "https://api.example.com";

struct Proving;

impl Connector for Proving {
    fn describe() -> Manifest {
        let scheme = Oauth2 {
            client_auth: ClientAuth::ClientSecretBasic,
            ..Oauth2::new(Oauth2Grant::ClientCredentials, "{server}/token".to_owned())
        };
        Manifest {
            auth: vec![AuthScheme::Oauth2(Box::new(scheme))],
            config: json!({ "type": "object", "properties": { "server": { "type": "string" } } }),
            inputs: vec![HostInput {
                name: "server".to_owned(),
                kind: InputKind::Origin,
                default: Some(SERVER.to_owned()),
            }],
            hosts: vec!["{server}".to_owned()],
            scopes: vec![manifest::scope("me:read", "Read who it is", &[("GET", "/me")])],
            actions: vec![Action {
                scopes: vec!["me:read".to_owned()],
                ..manifest::action("whoami", "Say who it is", Effect::Read)
            }],
            ..manifest::new("proving", "0.1.0", "Proving", Category::Custom)
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
    Request::get(format!("{SERVER}/me")).send()?.error_for_status()?.json()
}

lockgate_sdk::export!(Proving);
