//! A guest that says of itself what is not so: another thing each time, and an output that no value can be.

use std::time::{SystemTime, UNIX_EPOCH};

use lockgate_sdk::manifest::{self, Action, Category, Effect, Manifest};
use lockgate_sdk::{Connector, Error, Input, Value, json};

struct Boaster;

impl Connector for Boaster {
    fn describe() -> Manifest {
        // A guest has no other clock.
        #[expect(clippy::disallowed_methods, reason = "that it tells the time is what is wrong with it")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let output = json!({
            "type": "object", "properties": {}, "required": ["id"], "additionalProperties": false,
        });
        Manifest {
            actions: vec![Action { output, ..manifest::action("get", "Read one thing", Effect::Read) }],
            ..manifest::new("boaster", "1.0.0", &format!("Built at {now}"), Category::Custom)
        }
    }

    fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.into_iter().map(|_| Ok(json!({}))).collect()
    }
}

lockgate_sdk::export!(Boaster);
