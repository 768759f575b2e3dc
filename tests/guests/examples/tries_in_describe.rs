//! A guest that reaches out while it is asked what it is, and tells in its title how far it came.

use lockgate_sdk::http::{Request, SendError};
use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Denial, logging, profile, secrets};

struct TriesInDescribe;

impl Connector for TriesInDescribe {
    fn describe() -> Manifest {
        let sent = match Request::get("http://127.0.0.1:9/").send() {
            Ok(_) => "answered".to_owned(),
            Err(SendError::Denied(denial)) => gate(&denial),
            Err(SendError::Failed(failure)) => format!("failed after sending: {}", failure.sent),
        };
        let opened = secrets::open("signing").map_or_else(|denial| gate(&denial), |_| "opened".to_owned());
        let scopes = profile::scopes().len();
        let config =
            profile::config::<lockgate_sdk::Value>().map_or_else(|_| "none".to_owned(), |it| it.to_string());
        logging::info("a line from describe");
        Manifest {
            title: format!("http: {sent}; secrets: {opened}; scopes: {scopes}; config: {config}"),
            ..guests::manifest("tries-in-describe", &[])
        }
    }
}

fn gate(denial: &Denial) -> String {
    denial.gate.clone()
}

lockgate_sdk::export!(TriesInDescribe);
