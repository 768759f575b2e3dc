//! JSON Schema of foreign origin: it can neither reach out, nor run away, nor show what it validates.
//!
//! Validation costs at most the schema's size times the instance's: references stay inside the schema and may not lead
//! back to themselves, what they expand to is bounded, and patterns run on an engine that takes linear time.

pub mod sample;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::drift::{Difference, Severity, kind_of};
use crate::text::inert;

/// The schema as JSON text.
const SCHEMA_BYTES_MAX: usize = 64 << 10;
/// Nesting, references followed.
const DEPTH_MAX: usize = 48;
/// Values in the schema, each reference replaced by what it refers to.
const NODES_MAX: usize = 20_000;
const PATTERN_BYTES_MAX: usize = 1 << 10;
const PATTERN_PROGRAM_BYTES_MAX: usize = 64 << 10;
/// Values in the schema times values in the instance.
const STEPS_MAX: usize = 200_000_000;
/// Patterns in the schema times bytes of text in the instance.
const MATCHED_BYTES_MAX: usize = 4_000_000;
const DRAFTS: [&str; 4] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
];
const TOO_MUCH: &str = "the value is too large to be checked against its schema";
const ERRORS_MAX: usize = 10;
const ERROR_BYTES_MAX: usize = 300;

/// A compiled schema.
#[derive(Clone, Debug)]
pub struct Schema {
    validator: Validator,
    /// With every reference followed.
    nodes: usize,
    patterns: usize,
}

/// Why a schema is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchema {
    #[error("the schema has more than 64 KiB; describe less of the value")]
    TooLong,
    #[error(
        "the schema nests too deeply or a `$ref` leads back to itself; describe the inner value as any object"
    )]
    TooDeep,
    #[error("the schema becomes too large when its `$ref`s are followed; describe less of the value")]
    TooLarge,
    #[error("`$ref` may only point into the schema itself, as in \"#/$defs/name\", to something that exists")]
    Reference,
    #[error("`{0}` is not supported; leave it out")]
    Keyword(&'static str),
    #[error(
        "`$schema` names no supported draft; use https://json-schema.org/draft/2020-12/schema or leave it out"
    )]
    Draft,
    #[error("a pattern has more than 1 KiB; write a shorter one")]
    Pattern,
    #[error("it is not a valid JSON Schema: {0}")]
    Schema(String),
}

impl Schema {
    pub fn compile(schema: &Value) -> Result<Self, InvalidSchema> {
        let length = serde_json::to_string(schema).map_or(usize::MAX, |text| text.len());
        if length > SCHEMA_BYTES_MAX {
            return Err(InvalidSchema::TooLong);
        }
        let mut walk = Walk { root: schema, nodes: 0, patterns: 0 };
        walk.visit(schema, DEPTH_MAX)?;
        let validator = jsonschema::options()
            .offline()
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_PROGRAM_BYTES_MAX))
            .build(schema)
            .map_err(|error| InvalidSchema::Schema(described(&error)))?;
        Ok(Self { validator, nodes: walk.nodes, patterns: walk.patterns })
    }

    /// Every reason why the instance does not fit, at most ten, each with its place. The instance's values are not
    /// repeated: they may be personal.
    pub fn check(&self, instance: &Value) -> Result<(), Vec<String>> {
        if self.is_too_much(instance) {
            return Err(vec![format!("/: {TOO_MUCH}")]);
        }
        if self.validator.is_valid(instance) {
            return Ok(());
        }
        Err(self.validator.iter_errors(instance).take(ERRORS_MAX).map(|error| described(&error)).collect())
    }

    /// The same as differences: what an instance has too much is additive, whatever the schema says of it.
    pub(crate) fn differences(&self, instance: &Value) -> Vec<Difference> {
        if self.is_too_much(instance) {
            let (place, what) = (String::new(), TOO_MUCH.to_owned());
            return vec![Difference { severity: Severity::Breaking, place, what }];
        }
        if self.validator.is_valid(instance) {
            return Vec::new();
        }
        self.validator.iter_errors(instance).take(ERRORS_MAX).filter_map(|error| difference(&error)).collect()
    }

    fn is_too_much(&self, instance: &Value) -> bool {
        let size = Size::of(instance);
        let steps = size.nodes.saturating_mul(self.nodes);
        let matched_bytes = size.text_bytes.saturating_mul(self.patterns);
        steps > STEPS_MAX || matched_bytes > MATCHED_BYTES_MAX
    }
}

/// Compiles and checks at once. Who checks often keeps the compiled schema.
pub fn check(schema: &Value, instance: &Value) -> Result<(), Vec<String>> {
    Schema::compile(schema).map_err(|error| vec![error.to_string()])?.check(instance)
}

/// None for members that the schema does not name: whoever compares finds these by name.
fn difference(error: &ValidationError<'_>) -> Option<Difference> {
    let place = error.instance_path().to_string();
    let (place, what) = match error.kind() {
        ValidationErrorKind::AdditionalProperties { .. } => return None,
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default().replace('~', "~0").replace('/', "~1");
            (format!("{place}/{name}"), "declared as always there; it was missing".to_owned())
        }
        _ => (place, format!("{}; {} came", error.masked(), kind_of(error.instance()))),
    };
    let (place, what) = (inert(&any_index(&place), ERROR_BYTES_MAX), inert(&what, ERROR_BYTES_MAX));
    Some(Difference { severity: Severity::Breaking, place, what })
}

/// One change in a list is one difference, however many of its items have it.
fn any_index(place: &str) -> String {
    let index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = place.split('/').map(|part| if index(part) { "*" } else { part }).collect();
    parts.join("/")
}

fn described(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let place = if place.is_empty() { "/" } else { place.as_str() };
    inert(&format!("{place}: {}", error.masked()), ERROR_BYTES_MAX)
}

/// How much there is to look at in an instance, names of members included.
#[derive(Default)]
struct Size {
    nodes: usize,
    text_bytes: usize,
}

impl Size {
    fn of(instance: &Value) -> Self {
        let mut size = Self::default();
        let mut waiting = vec![instance];
        while let Some(value) = waiting.pop() {
            size.nodes += 1;
            match value {
                Value::String(text) => size.text_bytes += text.len(),
                Value::Array(items) => waiting.extend(items),
                Value::Object(members) => {
                    size.text_bytes += members.keys().map(String::len).sum::<usize>();
                    waiting.extend(members.values());
                }
                _ => {}
            }
        }
        size
    }
}

/// Visits a schema as a validator would, with every reference followed.
struct Walk<'a> {
    root: &'a Value,
    nodes: usize,
    patterns: usize,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, value: &Value, depth_left: usize) -> Result<(), InvalidSchema> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(InvalidSchema::TooLarge);
        }
        let depth_left = depth_left.checked_sub(1).ok_or(InvalidSchema::TooDeep)?;
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.visit(item, depth_left)),
            Value::Object(members) => {
                for (name, member) in members {
                    self.keyword(name, member, depth_left)?;
                    self.visit(member, depth_left)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A property may have the name of a keyword; its value is then a schema and no text.
    fn keyword(&mut self, name: &str, member: &Value, depth_left: usize) -> Result<(), InvalidSchema> {
        match (name, member) {
            ("$ref", Value::String(target)) => {
                let pointer = target.strip_prefix("#/").ok_or(InvalidSchema::Reference)?;
                let root: &'a Value = self.root;
                let target = root.pointer(&format!("/{pointer}")).ok_or(InvalidSchema::Reference)?;
                // It is counted each time it is reached.
                self.visit(target, depth_left)
            }
            ("$dynamicRef", Value::String(_)) => Err(InvalidSchema::Keyword("$dynamicRef")),
            ("$recursiveRef", Value::String(_)) => Err(InvalidSchema::Keyword("$recursiveRef")),
            ("$id", Value::String(_)) => Err(InvalidSchema::Keyword("$id")),
            // Before draft 6 a plain `id` moved the root to which references are relative.
            ("$schema", Value::String(draft)) if !DRAFTS.contains(&draft.trim_end_matches('#')) => {
                Err(InvalidSchema::Draft)
            }
            ("$anchor", Value::String(_)) => Err(InvalidSchema::Keyword("$anchor")),
            ("$dynamicAnchor", Value::String(_)) => Err(InvalidSchema::Keyword("$dynamicAnchor")),
            ("pattern", Value::String(pattern)) => self.pattern(pattern),
            ("patternProperties", Value::Object(patterns)) => {
                patterns.keys().try_for_each(|pattern| self.pattern(pattern))
            }
            _ => Ok(()),
        }
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), InvalidSchema> {
        self.patterns += 1;
        if pattern.len() > PATTERN_BYTES_MAX { Err(InvalidSchema::Pattern) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
