//! A guest whose every answer depends on something from outside: clocks, chance, remotes, secrets.

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Input, Value};

struct Taped;

impl Connector for Taped {
    fn describe() -> Manifest {
        Manifest { secrets: vec!["signing".to_owned()], ..guests::manifest("taped", &["work"]) }
    }

    fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.iter().map(|input| guests::taped::work(&input.body, false)).collect()
    }
}

lockgate_sdk::export!(Taped);
