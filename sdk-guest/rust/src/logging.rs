//! Lines in the tenant's log. The host stamps time, connector and run; it bounds count and size.

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the author.
    Debug,
    /// What happened.
    Info,
    /// Something to look at.
    Warn,
    /// Something that failed.
    Error,
}

/// Writes one line with fields. On native targets it goes nowhere.
///
/// ```
/// use lockgate_sdk::logging::{self, Level};
///
/// logging::log(Level::Info, "page read", &[("records", "100")]);
/// ```
pub fn log(level: Level, message: &str, fields: &[(&str, &str)]) {
    #[cfg(target_arch = "wasm32")]
    {
        use crate::bindings::connector::lockgate::connector::logging as import;

        let level = match level {
            Level::Debug => import::Level::Debug,
            Level::Info => import::Level::Info,
            Level::Warn => import::Level::Warn,
            Level::Error => import::Level::Error,
        };
        let fields: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        import::log(level, message, &fields);
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = (level, message, fields);
}

/// Writes one line for the author.
///
/// ```
/// lockgate_sdk::logging::debug("the cursor is empty: starting over");
/// ```
pub fn debug(message: &str) {
    log(Level::Debug, message, &[]);
}

/// Writes one line that says what happened.
///
/// ```
/// lockgate_sdk::logging::info("12 contacts read");
/// ```
pub fn info(message: &str) {
    log(Level::Info, message, &[]);
}

/// Writes one line that someone should look at.
///
/// ```
/// lockgate_sdk::logging::warn("a deal without a contact");
/// ```
pub fn warn(message: &str) {
    log(Level::Warn, message, &[]);
}

/// Writes one line about something that failed.
///
/// ```
/// lockgate_sdk::logging::error("the export is damaged");
/// ```
pub fn error(message: &str) {
    log(Level::Error, message, &[]);
}
