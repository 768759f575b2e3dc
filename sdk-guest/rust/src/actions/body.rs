//! What an action does, between the JSON of the contract and the types of its author.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::{Request, Response, send_each};
use crate::schema::{self, Described};
use crate::{Error, Input, Value};

/// What an action does, with the types that it takes and gives forgotten: made by [`each`], [`batch`] or [`exchange`].
///
/// ```
/// use lockgate_sdk::actions::{Body, each};
/// use lockgate_sdk::{Input, Value};
///
/// let body: Body = each(|input: Input<Value>| Ok(input.body));
/// ```
pub struct Body {
    /// Of an input, and of an output. Made only where they are asked for.
    schemas: fn() -> (Value, Value),
    run: Run,
}

type Run = Box<dyn Fn(Vec<Input>) -> Vec<Result<Value, Error>>>;

impl Body {
    pub(super) fn schemas(&self) -> (Value, Value) {
        (self.schemas)()
    }

    pub(super) fn run(&self, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        (self.run)(inputs)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

/// Takes one input after the other.
///
/// ```
/// use lockgate_sdk::actions::{Actions, each, read};
/// use lockgate_sdk::{Input, json};
///
/// let double = each(|input: Input<u32>| Ok(input.body * 2));
/// let actions = Actions::new().with(read("double", "Double it"), double);
/// let input = Input { key: "1".to_owned(), body: json!(21) };
/// assert_eq!(actions.run("double", vec![input]), [Ok(json!(42))]);
/// ```
pub fn each<I, O>(one: impl Fn(Input<I>) -> Result<O, Error> + 'static) -> Body
where
    I: DeserializeOwned + Described,
    O: Serialize + Described,
{
    body::<I, O>(move |inputs| {
        let done = |input: Input| one(typed(input)?).and_then(|output| written(&output));
        inputs.into_iter().map(done).collect()
    })
}

/// Takes all inputs at once and gives one result for each, in order. An input that cannot be read is not among them: its
/// error is put in its place.
///
/// ```
/// use lockgate_sdk::actions::{Actions, batch, read};
/// use lockgate_sdk::{Input, json};
///
/// let sizes = batch(|inputs: Vec<Input<String>>| inputs.iter().map(|input| Ok(input.body.len())).collect());
/// let actions = Actions::new().with(read("sizes", "Measure them"), sizes);
/// let input = |body| Input { key: "1".to_owned(), body };
/// let results = actions.run("sizes", vec![input(json!("ab")), input(json!(7)), input(json!("abc"))]);
/// assert_eq!((&results[0], &results[2]), (&Ok(json!(2)), &Ok(json!(3))));
/// assert!(results[1].is_err());
/// ```
pub fn batch<I, O>(all: impl Fn(Vec<Input<I>>) -> Vec<Result<O, Error>> + 'static) -> Body
where
    I: DeserializeOwned + Described,
    O: Serialize + Described,
{
    body::<I, O>(move |inputs| {
        let (places, readable) = sorted(inputs);
        let results = all(readable).into_iter().map(|result| result.and_then(|output| written(&output)));
        in_their_places(places, results.collect())
    })
}

/// Makes one request for each input, sends all of them at once, and reads each answer.
///
/// ```
/// use lockgate_sdk::actions::{Actions, exchange, read};
/// use lockgate_sdk::http::{Request, Response, with_transport};
/// use lockgate_sdk::{Error, Input, json};
///
/// let status = exchange(
///     |input: &Input<String>| Ok(Request::get(format!("https://api.example.com/{}", input.body))),
///     |_: &Input<String>, answer: Response| Ok(answer.error_for_status()?.status),
/// );
/// let actions = Actions::new().with(read("status", "Look whether it is there"), status);
/// let input = |body| Input { key: "1".to_owned(), body: json!(body) };
/// let results = with_transport(
///     |sent| Ok(Response::new(if sent.path() == "/a" { 200 } else { 404 })),
///     move || actions.run("status", vec![input("a"), input("b")]),
/// );
/// assert_eq!(results[0], Ok(json!(200)));
/// assert!(matches!(results[1], Err(Error::NotFound(_))));
/// ```
pub fn exchange<I, O>(
    ask: impl Fn(&Input<I>) -> Result<Request, Error> + 'static,
    read: impl Fn(&Input<I>, Response) -> Result<O, Error> + 'static,
) -> Body
where
    I: DeserializeOwned + Described,
    O: Serialize + Described,
{
    body::<I, O>(move |inputs| {
        let inputs: Vec<Result<Input<I>, Error>> = inputs.into_iter().map(typed).collect();
        let requests = inputs.iter().map(|input| ask(input.as_ref().map_err(Error::clone)?));
        let answers = send_each(requests.collect());
        let done = |(input, answer): (Result<Input<I>, Error>, Result<Response, Error>)| {
            read(&input?, answer?).and_then(|output| written(&output))
        };
        inputs.into_iter().zip(answers).map(done).collect()
    })
}

fn body<I: Described, O: Described>(run: impl Fn(Vec<Input>) -> Vec<Result<Value, Error>> + 'static) -> Body {
    Body { schemas: || (schema::read::<I>(), schema::written::<O>()), run: Box::new(run) }
}

/// The input as its type, or what is wrong with it and where.
fn typed<I: DeserializeOwned>(Input { key, body }: Input) -> Result<Input<I>, Error> {
    match serde_path_to_error::deserialize(body) {
        Ok(body) => Ok(Input { key, body }),
        Err(error) => Err(misfit(&error.path().to_string(), &error.into_inner())),
    }
}

fn misfit(path: &str, error: &serde_json::Error) -> Error {
    Error::invalid(match path {
        "." => format!("the input: {error}"),
        path => format!("the input's `{path}`: {error}"),
    })
}

fn written<O: Serialize>(output: &O) -> Result<Value, Error> {
    serde_json::to_value(output)
        .map_err(|error| Error::permanent(format!("cannot write the action's output as JSON: {error}")))
}

/// The inputs that can be read, and for each place the error of the one that cannot.
fn sorted<I: DeserializeOwned>(inputs: Vec<Input>) -> (Vec<Option<Error>>, Vec<Input<I>>) {
    let mut readable = Vec::with_capacity(inputs.len());
    let mut place = |input: Input| match typed(input) {
        Ok(input) => {
            readable.push(input);
            None
        }
        Err(error) => Some(error),
    };
    (inputs.into_iter().map(&mut place).collect(), readable)
}

/// Puts results back between the inputs that could not be read. Whose result is whose cannot be told where their number
/// is wrong, and something may have been done.
fn in_their_places(
    places: Vec<Option<Error>>,
    results: Vec<Result<Value, Error>>,
) -> Vec<Result<Value, Error>> {
    let expected = places.iter().filter(|place| place.is_none()).count();
    let found = results.len();
    let mut results = results.into_iter();
    let result = |place: Option<Error>| match place {
        Some(error) => Err(error),
        None if found != expected => {
            Err(Error::Ambiguous(format!("the action gave {found} results for {expected} inputs")))
        }
        None => results.next().unwrap_or_else(|| Err(Error::Ambiguous("a result is missing".to_owned()))),
    };
    places.into_iter().map(result).collect()
}
