//! `logging`: lines in the tenant's log.

use domain::call::Level;
use domain::cassette::Asked;
use wasmtime::component::HasData;

use crate::bindings::logging;
use crate::guest_log::GuestLog;

pub(crate) struct Logging;

impl HasData for Logging {
    type Data<'a> = &'a mut GuestLog;
}

impl logging::Host for GuestLog {
    fn log(
        &mut self,
        level: logging::Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let level = match level {
            logging::Level::Debug => Level::Debug,
            logging::Level::Info => Level::Info,
            logging::Level::Warn => Level::Warn,
            logging::Level::Error => Level::Error,
        };
        self.deck.note(|| Asked::Log { level, message: message.clone(), fields: fields.clone() })?;
        self.line(level, &message, &fields);
        Ok(())
    }
}
