//! A guest whose manifest is well-formed and wrong: schemas that are none, a template that names nothing, a rule that
//! asks for what is never granted.

use lockgate_sdk::manifest::{self, Action, Effect, Manifest};
use lockgate_sdk::{Connector, json};

struct BadSchema;

impl Connector for BadSchema {
    fn describe() -> Manifest {
        let mut manifest = Manifest {
            config: json!({"type": 12}),
            actions: vec![Action {
                input: json!({"type": "no such type"}),
                scopes: vec!["nowhere".to_owned()],
                ..manifest::action("act", "Act", Effect::Write)
            }],
            ..guests::manifest("bad-schema", &[])
        };
        manifest.hosts.push("https://{nothing}.*.example.com/path".to_owned());
        manifest.scopes.push(manifest::scope("tunnel", "Anything", &[("CONNECT", "not/absolute/{")]));
        manifest
    }
}

lockgate_sdk::export!(BadSchema);
