//! The connector without a host: its manifest fits its table, and what goes on the wire is what the table says.

use lockgate_sdk::http::{Response, with_transport};
use lockgate_sdk::{Connector as _, Value, json};

use super::{Api, operations};

#[test]
fn every_action_of_the_manifest_has_its_operation_and_every_trigger_its_pages() {
    let manifest = Api::describe();
    let actions: Vec<&str> = manifest.actions.iter().map(|action| &*action.name).collect();
    let operations: Vec<&str> = operations::OPERATIONS.iter().map(|operation| operation.action).collect();
    assert_eq!(actions, operations);
    let triggers: Vec<&str> = manifest.triggers.iter().map(|trigger| &*trigger.name).collect();
    let pages: Vec<&str> = operations::PAGES.iter().map(|pages| pages.trigger).collect();
    assert_eq!(triggers, pages);
}

#[test]
fn every_parameter_is_a_member_of_its_actions_input() {
    for (operation, action) in operations::OPERATIONS.iter().zip(Api::describe().actions) {
        for param in operation.params {
            let schema =
                action.input.pointer("/properties").and_then(|properties| properties.get(param.input));
            assert!(schema.is_some(), "{}: {}", operation.action, param.input);
        }
    }
}

#[test]
fn an_input_that_lacks_a_part_of_the_path_is_refused_before_anything_is_sent() {
    for operation in operations::OPERATIONS.iter().filter(|operation| operation.path.contains('{')) {
        let input = lockgate_sdk::Input { key: "1".to_owned(), body: json!({}) };
        let ran = with_transport(|_| Ok(Response::new(500)), || Api::run(operation.action, vec![input]));
        let refused: Vec<Value> = ran.into_iter().flatten().collect();
        assert!(refused.is_empty(), "{}", operation.action);
    }
}
