//! The settings of the profile that this call works for, and nothing of any other.

use serde::de::DeserializeOwned;

use crate::{Error, Value};

/// The configuration, valid against the manifest's schema, as a type of yours.
///
/// ```
/// use lockgate_sdk::{json, profile};
///
/// #[derive(serde::Deserialize)]
/// struct Config {
///     shop: String,
/// }
///
/// # fn main() -> Result<(), lockgate_sdk::Error> {
/// let config = profile::with_config(json!({"shop": "acme"}), || profile::config::<Config>())?;
/// assert_eq!(config.shop, "acme");
/// # Ok(())
/// # }
/// ```
pub fn config<T: DeserializeOwned>() -> Result<T, Error> {
    serde_json::from_str(&source::config())
        .and_then(|value: Value| T::deserialize(&value))
        .map_err(|error| Error::permanent(format!("cannot read the profile's configuration: {error}")))
}

/// The granted scopes, by name.
///
/// ```
/// use lockgate_sdk::profile;
///
/// let may_write = profile::with_scopes(&["invoices:read"], || {
///     profile::scopes().iter().any(|scope| scope == "invoices:write")
/// });
/// assert!(!may_write);
/// ```
pub fn scopes() -> Vec<String> {
    source::scopes()
}

#[cfg(target_arch = "wasm32")]
use crate::bindings::connector::lockgate::connector::profile as source;

#[cfg(not(target_arch = "wasm32"))]
pub use source::{with_config, with_scopes};

#[cfg(not(target_arch = "wasm32"))]
mod source {
    use std::cell::RefCell;

    use serde_json::Value;

    use crate::scoped::scoped;

    thread_local! {
        static CONFIG: RefCell<Option<Value>> = const { RefCell::new(None) };
        static SCOPES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
    }

    pub(super) fn config() -> String {
        CONFIG.with_borrow(|config| config.as_ref().map_or_else(|| "{}".to_owned(), Value::to_string))
    }

    pub(super) fn scopes() -> Vec<String> {
        SCOPES.with_borrow(|scopes| scopes.clone().unwrap_or_default())
    }

    /// Runs `body` with this configuration in place of a profile's. Native targets only, for tests.
    ///
    /// ```
    /// use lockgate_sdk::{Value, json, profile};
    ///
    /// let read = profile::with_config(json!({"region": "eu"}), || profile::config::<Value>());
    /// assert_eq!(read, Ok(json!({"region": "eu"})));
    /// ```
    pub fn with_config<R>(config: Value, body: impl FnOnce() -> R) -> R {
        scoped(&CONFIG, config, body)
    }

    /// Runs `body` with these scopes granted. Native targets only, for tests.
    ///
    /// ```
    /// use lockgate_sdk::profile;
    ///
    /// assert_eq!(profile::with_scopes(&["read"], profile::scopes), ["read"]);
    /// ```
    pub fn with_scopes<R>(scopes: &[&str], body: impl FnOnce() -> R) -> R {
        scoped(&SCOPES, scopes.iter().map(|&scope| scope.to_owned()).collect(), body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn the_former_configuration_comes_back() {
        with_config(json!({"a": 1}), || {
            with_config(json!({"a": 2}), || assert_eq!(config::<Value>(), Ok(json!({"a": 2}))));
            assert_eq!(config::<Value>(), Ok(json!({"a": 1})));
        });
        assert_eq!(config::<Value>(), Ok(json!({})));
    }

    #[test]
    fn a_configuration_of_another_shape_is_an_error_and_not_a_panic() {
        let read = with_config(json!({"a": 1}), config::<Vec<u8>>);
        assert!(matches!(read, Err(Error::Permanent(message)) if message.contains("configuration")));
    }
}
