//! Mapping expressions: jq, run in the sandbox.
//!
//! A program is compiled once a call and run on each record. No output drops the record, one output is the mapped
//! record, more are an error. Nothing ambient is bound: no environment, no clock, no input besides the record, no
//! modules, no way out.

mod json;
mod program;
mod text;

use lockgate_sdk::{Error, Transformer};

use crate::program::Program;

/// The transform.
pub struct Jq;

impl Transformer for Jq {
    fn transform(program: &str, records: Vec<String>) -> Vec<Result<Option<String>, Error>> {
        match Program::compile(program) {
            Ok(program) => records.iter().map(|record| program.run(record)).collect(),
            Err(error) => records.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

lockgate_sdk::export_transformer!(Jq);

#[cfg(test)]
mod tests;
