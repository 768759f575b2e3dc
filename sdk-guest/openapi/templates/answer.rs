//! What an answer of the API means.

use lockgate_sdk::http::Response;
use lockgate_sdk::{Error, Value};

use crate::operation::{Answer, Operation};

/// The output of an action, or an error of the class that the status means.
pub fn read(operation: &Operation, response: Response) -> Result<Value, Error> {
    let response = response.error_for_status()?;
    match operation.answer {
        Answer::Nothing => Ok(Value::Null),
        _ if response.body.is_empty() => Ok(Value::Null),
        Answer::Json(_) => response.json(),
        Answer::Text(_) => match String::from_utf8(response.body) {
            Ok(text) => Ok(Value::String(text)),
            Err(_) => Err(Error::permanent("the remote's answer is no text")),
        },
    }
}
