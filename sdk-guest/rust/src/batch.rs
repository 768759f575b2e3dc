//! A batch of inputs in as few requests as the remote allows, and every result back in its place.
//!
//! One request for each input is [`exchange`](crate::actions::exchange) or [`send_each`]; this is
//! for remotes that take many at once.

use std::collections::BTreeMap;

use crate::http::{Request, Response, send_each};
use crate::{Error, Input};

/// Cuts the inputs into chunks of at most `at_most`, sends one request for each chunk, all of them at once, and puts the
/// results together in the order of the inputs. A chunk that fails gives its error to each of its inputs.
///
/// ```
/// use lockgate_sdk::batch::in_chunks;
/// use lockgate_sdk::http::{Request, Response, with_transport};
/// use lockgate_sdk::{Value, json};
///
/// let inputs: Vec<u32> = (0..5).collect();
/// let results = with_transport(
///     |sent| Ok(Response::new(200).with_body(sent.body.clone())),
///     || in_chunks(
///         &inputs,
///         2,
///         |chunk| Request::post("https://api.example.com/batch").json(chunk),
///         |_, answer| Ok(answer.error_for_status()?.json::<Vec<u32>>()?.into_iter().map(Ok).collect()),
///     ),
/// );
/// assert_eq!(results, [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4)]);
/// ```
pub fn in_chunks<T, O>(
    inputs: &[T],
    at_most: usize,
    ask: impl Fn(&[T]) -> Result<Request, Error>,
    read: impl Fn(&[T], Response) -> Result<Vec<Result<O, Error>>, Error>,
) -> Vec<Result<O, Error>> {
    let chunks: Vec<&[T]> = inputs.chunks(at_most.max(1)).collect();
    let answers = send_each(chunks.iter().map(|chunk| ask(chunk)).collect());
    let mut results = Vec::with_capacity(inputs.len());
    for (chunk, answer) in chunks.into_iter().zip(answers) {
        match answer.and_then(|answer| read(chunk, answer)) {
            Ok(of_chunk) if of_chunk.len() == chunk.len() => results.extend(of_chunk),
            Ok(of_chunk) => {
                // Whose result is whose cannot be told, and something may have been done.
                let message =
                    format!("the remote gave {} results for {} inputs", of_chunk.len(), chunk.len());
                results.extend(chunk.iter().map(|_| Err(Error::Ambiguous(message.clone()))));
            }
            Err(error) => results.extend(chunk.iter().map(|_| Err(error.clone()))),
        }
    }
    results
}

/// Puts what a remote found back in the order of what was asked for, by a key: remotes that read many at once leave out
/// what they do not have, and may answer in any order. What is missing is [not found](Error::NotFound).
///
/// ```
/// use lockgate_sdk::Error;
/// use lockgate_sdk::batch::by_key;
///
/// let found = [("b".to_owned(), 2), ("a".to_owned(), 1)];
/// let results = by_key(&["a", "x", "b"], |wanted| wanted, found);
/// assert_eq!((&results[0], &results[2]), (&Ok(1), &Ok(2)));
/// assert!(matches!(results[1], Err(Error::NotFound(_))));
/// ```
pub fn by_key<T, O: Clone>(
    wanted: &[T],
    key: impl Fn(&T) -> &str,
    found: impl IntoIterator<Item = (String, O)>,
) -> Vec<Result<O, Error>> {
    let found: BTreeMap<String, O> = found.into_iter().collect();
    let result = |wanted: &T| {
        let key = key(wanted);
        found.get(key).cloned().ok_or_else(|| Error::NotFound(format!("the remote has no {key:?}")))
    };
    wanted.iter().map(result).collect()
}

/// The keys of these inputs in one, for the idempotency key of a request that carries all of them: the same inputs in the
/// same order give the same key. At most 64 characters.
///
/// ```
/// use lockgate_sdk::{Input, batch, json};
///
/// let input = |key: &str| Input { key: key.to_owned(), body: json!({}) };
/// let key = batch::key_of(&[input("run-1/1"), input("run-1/2")]);
/// assert_eq!(key, batch::key_of(&[input("run-1/1"), input("run-1/2")]));
/// assert_ne!(key, batch::key_of(&[input("run-1/11"), input("run-1/2")]));
/// ```
pub fn key_of<T>(inputs: &[Input<T>]) -> String {
    // FNV-1a of 128 bits: keys come from the host, and nobody gains by making two of them alike.
    let hash = |mut hash: u128| {
        for byte in inputs.iter().flat_map(|input| input.key.bytes().chain([0])) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
        }
        hash
    };
    format!("{:032x}", hash(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::with_transport;

    #[test]
    fn a_chunk_that_fails_fails_alone() {
        let inputs: Vec<u32> = (0..6).collect();
        let results = with_transport(
            |sent| match &*sent.body {
                b"[2,3]" => Ok(Response::new(503)),
                b"[4,5]" => Ok(Response::new(200).with_body("[4]")),
                body => Ok(Response::new(200).with_body(body)),
            },
            || {
                in_chunks(
                    &inputs,
                    2,
                    |chunk| Request::post("https://a.example/").repeatable().json(chunk),
                    |_, answer| {
                        Ok(answer.error_for_status()?.json::<Vec<u32>>()?.into_iter().map(Ok).collect())
                    },
                )
            },
        );
        assert!(matches!(
            &results[..],
            [
                Ok(0),
                Ok(1),
                Err(Error::Transient(_)),
                Err(Error::Transient(_)),
                Err(Error::Ambiguous(_)),
                Err(Error::Ambiguous(_))
            ]
        ));
    }

    #[test]
    fn a_request_that_cannot_be_made_is_not_sent() {
        let results = with_transport(
            |_| -> Result<Response, _> { panic!("it was sent") },
            || in_chunks(&[1, 2], 5, |_| Err(Error::invalid("no")), |_, _| Ok(vec![Ok(()), Ok(())])),
        );
        assert_eq!(results, [Err(Error::invalid("no")), Err(Error::invalid("no"))]);
    }
}
