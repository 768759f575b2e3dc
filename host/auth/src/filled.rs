//! What a scheme takes from a profile's configuration: `{name}` in a manifest stands for the property of that name.

use serde_json::Value;

use crate::scheme::SchemeError;

/// The text itself, or the property that it names.
pub(crate) fn filled(text: &str, config: &Value) -> Result<String, SchemeError> {
    let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return Ok(text.to_owned());
    };
    let value = config.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    value.map(str::to_owned).ok_or_else(|| SchemeError::Config(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_in_braces_stands_for_the_property() {
        let config = json!({ "region": "eu-central-1", "port": 1, "empty": "" });
        assert_eq!(filled("us-east-1", &config).unwrap(), "us-east-1");
        assert_eq!(filled("{region}", &config).unwrap(), "eu-central-1");
        for name in ["port", "empty", "missing"] {
            let refused = filled(&format!("{{{name}}}"), &config).unwrap_err();
            assert_eq!(refused, SchemeError::Config(name.to_owned()));
        }
    }
}
