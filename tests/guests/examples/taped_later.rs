//! The next version of `taped`, which asks a remote for another thing in one place.

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Input, Value};

struct TapedLater;

impl Connector for TapedLater {
    fn describe() -> Manifest {
        Manifest { secrets: vec!["signing".to_owned()], ..guests::manifest("taped", &["work"]) }
    }

    fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.iter().map(|input| guests::taped::work(&input.body, true)).collect()
    }
}

lockgate_sdk::export!(TapedLater);
