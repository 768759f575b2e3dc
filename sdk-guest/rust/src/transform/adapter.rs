//! Between the trait and the generated bindings.

use super::Transformer;
pub use crate::bindings::connector::lockgate::connector::types as wire;

pub fn transform<T: Transformer>(
    program: &str,
    records: Vec<String>,
) -> Vec<Result<Option<String>, wire::Error>> {
    T::transform(program, records).into_iter().map(|result| result.map_err(wire::Error::from)).collect()
}

pub fn is_transformer<T: Transformer>() {}
