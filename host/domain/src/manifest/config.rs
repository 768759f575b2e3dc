//! A profile's configuration against the manifest of its connector.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use wit::Manifest;

use crate::egress::{HostTemplate, Origin};
use crate::json;
use crate::schema::Schema;

const CONFIG_BYTES_MAX: usize = 64 << 10;
const CONFIG_DEPTH_MAX: usize = 32;

/// Why a configuration is not accepted; every reason that was found, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not valid: {}", problems.join("; "))]
pub struct ConfigError {
    pub problems: Vec<String>,
}

impl ConfigError {
    fn one(problem: impl Into<String>) -> Self {
        Self { problems: vec![problem.into()] }
    }
}

/// The configuration with the defaults of the host inputs filled in, valid against the schema and fit for every host.
pub fn config(manifest: &Manifest, value: Value) -> Result<Value, ConfigError> {
    let length = serde_json::to_string(&value).map_or(usize::MAX, |text| text.len());
    if length > CONFIG_BYTES_MAX || json::depth(&value) > CONFIG_DEPTH_MAX {
        return Err(ConfigError::one("it has more than 64 KiB or nests deeper than 32"));
    }
    let Value::Object(mut members) = value else {
        return Err(ConfigError::one("it must be a JSON object, `{}` for an empty one"));
    };
    fill(manifest, &mut members);
    let config = Value::Object(members);
    let schema = Schema::compile(&manifest.config).map_err(|error| ConfigError::one(error.to_string()))?;
    schema.check(&config).map_err(|problems| ConfigError { problems })?;
    requested_hosts(manifest, &config)?;
    Ok(config)
}

fn fill(manifest: &Manifest, members: &mut Map<String, Value>) {
    for input in &manifest.inputs {
        if let Some(default) = &input.default
            && !members.contains_key(&input.name)
        {
            members.insert(input.name.clone(), Value::String(default.clone()));
        }
    }
}

/// The origins that the manifest asks for with this configuration.
pub fn requested_hosts(manifest: &Manifest, config: &Value) -> Result<BTreeSet<Origin>, ConfigError> {
    let mut origins = BTreeSet::new();
    let mut problems = Vec::new();
    for host in &manifest.hosts {
        let resolved = HostTemplate::parse(host, &manifest.inputs)
            .map_err(|error| error.to_string())
            .and_then(|template| template.resolve(config).map_err(|error| error.to_string()));
        match resolved {
            Ok(origin) => {
                origins.insert(origin);
            }
            Err(problem) if !problems.contains(&problem) => problems.push(problem),
            Err(_) => {}
        }
    }
    if problems.is_empty() { Ok(origins) } else { Err(ConfigError { problems }) }
}
