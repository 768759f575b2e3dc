//! What a profile has to say: the settings that fill host templates, gathered from everywhere in the document.

use serde_json::{Map, Value, json};
use wit::{HostInput, InputKind};

/// The configuration under way.
#[derive(Debug, Default)]
pub(crate) struct Config {
    properties: Map<String, Value>,
    required: Vec<String>,
    pub(crate) inputs: Vec<HostInput>,
}

impl Config {
    /// A setting that fills a host template. Given again under the same name it is the same.
    pub(crate) fn input(&mut self, name: &str, kind: InputKind, default: Option<String>, described: Value) {
        if self.properties.contains_key(name) {
            return;
        }
        if default.is_none() {
            self.required.push(name.to_owned());
        }
        self.properties.insert(name.to_owned(), described);
        self.inputs.push(HostInput { name: name.to_owned(), kind, default });
    }

    pub(crate) fn schema(&self) -> Value {
        let mut schema = json!({ "type": "object", "properties": self.properties });
        if let (false, Some(members)) = (self.required.is_empty(), schema.as_object_mut()) {
            members.insert("required".to_owned(), json!(self.required));
        }
        schema
    }
}
