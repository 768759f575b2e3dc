//! What becomes of inputs and results on their way between JSON and types.

use serde::{Deserialize, Serialize};

use super::*;
use crate::json;

#[derive(Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
struct Order {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
struct Line {
    copies: u32,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
struct Total {
    copies: u32,
}

#[cfg(not(feature = "schemas"))]
mod described {
    use super::{Order, Total, Value, json};
    use crate::schema::Described;

    impl Described for Order {
        fn read_schema() -> Value {
            json!({"type": "object"})
        }
    }

    impl Described for Total {
        fn read_schema() -> Value {
            json!({"type": "object"})
        }
    }
}

fn total(order: &Order) -> Total {
    Total { copies: order.lines.iter().map(|line| line.copies).sum() }
}

fn inputs(bodies: &[Value]) -> Vec<Input> {
    bodies.iter().map(|body| Input { key: "k".to_owned(), body: body.clone() }).collect()
}

fn actions() -> Actions {
    let one = each(|input: Input<Order>| Ok(total(&input.body)));
    let all = batch(|inputs: Vec<Input<Order>>| inputs.iter().map(|input| Ok(total(&input.body))).collect());
    let short = batch(|_: Vec<Input<Order>>| Vec::<Result<Total, Error>>::new());
    Actions::new()
        .with(read("one", "One by one"), one)
        .with(read("all", "All at once"), all)
        .with(write("short", "Too few results"), short)
}

#[test]
fn an_input_that_does_not_fit_is_refused_in_its_place_with_the_field() {
    let (good, bad) = (json!({"lines": [{"copies": 2}, {"copies": 3}]}), json!({"lines": [{"copies": -1}]}));
    for action in ["one", "all"] {
        let results = actions().run(action, inputs(&[bad.clone(), good.clone(), json!({}), good.clone()]));
        assert_eq!((&results[1], &results[3]), (&Ok(json!({"copies": 5})), &Ok(json!({"copies": 5}))));
        let refused = |place: usize, part: &str| {
            let error = results[place].as_ref().expect_err("it fits");
            assert!(matches!(error, Error::Invalid(message) if message.contains(part)), "{error}");
        };
        refused(0, "`lines[0].copies`");
        refused(2, "missing field `lines`");
    }
}

#[test]
fn a_wrong_number_of_results_is_nobodys() {
    let results = actions().run("short", inputs(&[json!({"lines": []}), json!(7)]));
    assert!(matches!(&results[..], [Err(Error::Ambiguous(_)), Err(Error::Invalid(_))]), "{results:?}");
}

#[cfg(feature = "schemas")]
#[test]
fn the_manifest_says_what_the_types_say() {
    let manifest = actions().manifest();
    assert_eq!(manifest[0].input["properties"]["lines"]["items"]["required"], json!(["copies"]));
    assert_eq!(manifest[0].output["properties"]["copies"]["type"], "integer");
}
