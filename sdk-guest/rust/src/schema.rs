//! JSON Schemas from types: what is described is what is read and written, and stays so.
//!
//! With the feature `schemas`, which is on unless it is switched off, every type with `#[derive(JsonSchema)]` of the crate
//! `schemars` is [`Described`]. Without it a type describes itself. Only `describe`, which the host calls once, makes
//! schemas.

use crate::{Value, json};

/// A type that says what its JSON looks like.
///
/// ```
/// use lockgate_sdk::schema::{self, Described};
/// use lockgate_sdk::{Value, json};
///
/// struct Anything;
///
/// impl Described for Anything {
///     fn read_schema() -> Value {
///         json!({"type": "object"})
///     }
/// }
///
/// assert_eq!(schema::written::<Anything>(), json!({"type": "object"}));
/// ```
pub trait Described {
    /// The schema of the JSON that it is read from.
    fn read_schema() -> Value;

    /// The schema of the JSON that it is written as; the same one unless they differ.
    fn written_schema() -> Value {
        Self::read_schema()
    }
}

/// The schema of the JSON that a type is read from: for an action's input, a profile's configuration.
///
/// ```
/// # #[cfg(feature = "schemas")] {
/// use lockgate_sdk::schema;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct GetBook {
///     /// As the library numbers it.
///     id: String,
/// }
///
/// let schema = schema::read::<GetBook>();
/// assert_eq!(schema["properties"]["id"]["type"], "string");
/// assert_eq!(schema["required"][0], "id");
/// # }
/// ```
pub fn read<T: Described + ?Sized>() -> Value {
    object(T::read_schema())
}

/// The schema of the JSON that a type is written as: for an action's output, a trigger's records.
///
/// ```
/// # #[cfg(feature = "schemas")] {
/// use lockgate_sdk::schema;
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Book {
///     title: String,
///     subtitle: Option<String>,
/// }
///
/// // It is always written, as a text or as `null`.
/// assert_eq!(schema::written::<Book>()["required"][1], "subtitle");
/// # }
/// ```
pub fn written<T: Described + ?Sized>() -> Value {
    object(T::written_schema())
}

/// `true`, the schema of everything, is written as the object that means the same.
fn object(schema: Value) -> Value {
    if schema.is_object() { schema } else { json!({}) }
}

#[cfg(feature = "schemas")]
impl<T: schemars::JsonSchema + ?Sized> Described for T {
    fn read_schema() -> Value {
        generated(T::json_schema, schemars::generate::Contract::Deserialize)
    }

    fn written_schema() -> Value {
        generated(T::json_schema, schemars::generate::Contract::Serialize)
    }
}

#[cfg(not(feature = "schemas"))]
impl Described for Value {
    fn read_schema() -> Value {
        json!({})
    }
}

/// Without references where that is possible: the host follows them, and people read them less easily.
///
/// It is given a function and is none of a type, so that a component holds it once: what `schemars` offers for a whole
/// schema is there once for each type, and made the connector of `lockgate new` 18 KiB larger.
#[cfg(feature = "schemas")]
fn generated(
    make: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    contract: schemars::generate::Contract,
) -> Value {
    let mut settings = schemars::generate::SchemaSettings::draft2020_12();
    settings.meta_schema = None;
    settings.inline_subschemas = true;
    settings.contract = contract;
    make(&mut settings.into_generator()).to_value()
}

#[cfg(all(test, feature = "schemas"))]
mod tests {
    use super::*;

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its shape counts")]
    struct Order {
        lines: Vec<Line>,
        note: Option<String>,
    }

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its shape counts")]
    struct Line {
        copies: u32,
    }

    #[test]
    fn a_schema_stands_alone_and_says_what_is_needed() {
        let schema = read::<Order>();
        assert_eq!(schema["properties"]["lines"]["items"]["properties"]["copies"]["minimum"], 0);
        assert_eq!(schema["required"], json!(["lines"]));
        assert!(!schema.to_string().contains("$ref") && schema.get("$schema").is_none(), "{schema}");
    }

    #[test]
    fn anything_is_described_by_an_object() {
        assert_eq!(read::<Value>(), json!({}));
    }
}
