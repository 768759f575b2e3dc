//! A guest that is careless in the one way that its configuration names, and does all else well.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "carelessness is what it is for")]

use std::cell::Cell;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use lockgate_sdk::http::{Request, Response};
use lockgate_sdk::manifest::{self, Action, Category, Effect, Example, Manifest, Trigger};
use lockgate_sdk::{Connector, Error, Input, Page, Record, Value, json, logging, profile};

const ORIGIN: &str = "https://api.example.com";

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

struct Careless;

impl Connector for Careless {
    fn describe() -> Manifest {
        let thing = json!({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]});
        let input = json!({
            "type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"], "additionalProperties": false,
        });
        let scopes = || vec!["things:read".to_owned()];
        Manifest {
            config: json!({
                "type": "object",
                "properties": {"careless": {"type": "string"}, "password": {"type": "string", "writeOnly": true}},
            }),
            hosts: vec![ORIGIN.to_owned()],
            scopes: vec![
                manifest::scope("things:read", "Read things", &[("GET", "/things"), ("GET", "/things/{id}")]),
                manifest::scope("other:read", "Read others", &[("GET", "/other/{id}")]),
            ],
            actions: vec![Action {
                scopes: scopes(),
                input,
                output: thing.clone(),
                examples: vec![Example { input: json!({"id": "a"}), output: json!({"id": "a"}) }],
                ..manifest::action("get", "Read one thing", Effect::Read)
            }],
            triggers: vec![Trigger {
                scopes: scopes(),
                record: thing,
                ..manifest::poll("things", "All things")
            }],
            ..manifest::new("careless", "1.0.0", "Careless", Category::Custom)
        }
    }

    fn check() -> Result<(), Error> {
        settled("", Request::get(format!("{ORIGIN}/things")).send()?).map(drop)
    }

    fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        let way = way();
        let mut results: Vec<_> = inputs.iter().map(|input| one(&way, input)).collect();
        match &*way {
            "swaps" => results.reverse(),
            "fewer" => results.truncate(1),
            _ => {}
        }
        results
    }

    fn poll(_trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        let way = way();
        let mut request = Request::get(format!("{ORIGIN}/things"));
        if let Some(after) = cursor.as_ref().and_then(Value::as_str) {
            request = request.query("after", after);
        }
        let page = settled(&way, request.send().map_err(|error| reclassed(&way, error.into()))?)?;
        let page: Value = page.json()?;
        let Some(items) = page["results"].as_array() else { return Err(Error::permanent("no results")) };
        let chance = if way == "lucky" {
            format!("/{}", RandomState::new().build_hasher().finish())
        } else {
            String::new()
        };
        let mut records: Vec<Record> = items
            .iter()
            .map(|item| Record {
                key: format!("{}{chance}", item["id"].as_str().unwrap_or_default()),
                body: item.clone(),
            })
            .collect();
        match &*way {
            "record" => records.iter_mut().for_each(|record| record.body = json!({"id": 7})),
            "gaps" if cursor.is_some() => drop(records.remove(0)),
            _ => {}
        }
        let next = page["next"].clone();
        let more = !next.is_null() || way == "endless";
        let next = if way == "endless" { json!("2") } else { next };
        Ok(Page { records, next: Some(next), more })
    }
}

fn way() -> String {
    let config: Value = profile::config().unwrap_or_default();
    config["careless"].as_str().unwrap_or_default().to_owned()
}

fn one(way: &str, input: &Input) -> Result<Value, Error> {
    let id = input.body["id"].as_str().unwrap_or_default();
    let encoded: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
    match way {
        "bytes" if id.len() > 3 => drop(id[..3].to_owned()),
        "first" => drop(id.chars().next().unwrap()),
        "hoards" => drop(std::hint::black_box(id.repeat(2_000))),
        "tells" => {
            let config: Value = profile::config()?;
            logging::info(&format!("signing in with {}", config["password"]));
        }
        _ => {}
    }
    if encoded.is_empty() || encoded.len() > 3_000 {
        return Err(Error::invalid("an id has 1 to 1,000 bytes"));
    }
    let url = match way {
        "strays" => format!("{ORIGIN}/elsewhere"),
        "borrows" => format!("{ORIGIN}/other/{encoded}"),
        _ => format!("{ORIGIN}/things/{encoded}"),
    };
    let answer = Request::get(url).send().map_err(|error| reclassed(way, error.into()))?;
    let answer = settled(way, answer)?;
    let thing: Value = match answer.json() {
        Ok(thing) => thing,
        Err(_) if way == "believes" => return Ok(json!({"id": "believed"})),
        Err(error) => return Err(error),
    };
    let Some(id) = thing["id"].as_str() else { return Err(Error::permanent("no id")) };
    Ok(match way {
        "output" => json!({"id": 7}),
        "counts" => {
            COUNT.set(COUNT.get() + 1);
            json!({"id": format!("{id}{}", COUNT.get())})
        }
        _ => json!({"id": id}),
    })
}

fn settled(way: &str, answer: Response) -> Result<Response, Error> {
    answer.error_for_status().map_err(|error| reclassed(way, error))
}

/// Two ways to be careless about errors: all are for good, or all may work later.
fn reclassed(way: &str, error: Error) -> Error {
    match way {
        "gives_up" => Error::permanent(error.to_string()),
        "hopes" => Error::transient(error.to_string()),
        "hurries" => match error {
            Error::RateLimited(_) => Error::RateLimited(None),
            error => error,
        },
        _ => error,
    }
}

lockgate_sdk::export!(Careless);
