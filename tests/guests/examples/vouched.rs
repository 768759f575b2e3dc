//! A guest whose system takes a signed assertion in place of a consent: the host signs it, with a key that it alone has.

use lockgate_sdk::http::Request;
use lockgate_sdk::manifest::{
    self, Action, Assertion, AssertionAlg, AuthScheme, Category, ClientAuth, Effect, Manifest, Oauth2,
    Oauth2Grant,
};
use lockgate_sdk::{Connector, Error, Input, Value};

const ORIGIN: &str = "https://api.example.com";
const LOGIN: &str = "https://login.example.com";

struct Vouched;

impl Connector for Vouched {
    fn describe() -> Manifest {
        let assertion = Assertion {
            alg: AssertionAlg::RS256,
            iss: "{client_id}".to_owned(),
            sub: "{client_id}".to_owned(),
            aud: None,
            kid: None,
            lifetime_s: 180,
        };
        let scheme = Oauth2 {
            client_auth: ClientAuth::None,
            assertion: Some(assertion),
            ..Oauth2::new(Oauth2Grant::JwtBearer, format!("{LOGIN}/token"))
        };
        Manifest {
            auth: vec![AuthScheme::Oauth2(Box::new(scheme))],
            hosts: vec![ORIGIN.to_owned(), LOGIN.to_owned()],
            scopes: vec![manifest::scope("me:read", "Read who it is", &[("GET", "/me")])],
            actions: vec![Action {
                scopes: vec!["me:read".to_owned()],
                ..manifest::action("whoami", "Say who it is", Effect::Read)
            }],
            ..manifest::new("vouched", "0.1.0", "Vouched", Category::Custom)
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
    Request::get(format!("{ORIGIN}/me")).send()?.error_for_status()?.json()
}

lockgate_sdk::export!(Vouched);
