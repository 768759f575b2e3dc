//! One compiled program.

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader, import};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::{Val, read};
use lockgate_sdk::Error;

use crate::json;
use crate::text::{self, Place};

/// Natives and definitions that reach outside the record: the environment, the clock, the zone and the log of the
/// machine, and the end of the process. A definition that is made of another of these has to be here too.
const AMBIENT: [&str; 10] = [
    "debug",
    "debug_empty",
    "env",
    "halt",
    "halt_error",
    "localtime",
    "now",
    "stderr",
    "stderr_empty",
    "strflocaltime",
];

/// Longer programs are refused before they are parsed.
const PROGRAM_BYTES: usize = 64 * 1024;

pub(crate) struct Program {
    filter: Filter<JustLut<Val>>,
}

impl Program {
    pub(crate) fn compile(code: &str) -> Result<Self, Error> {
        if code.len() > PROGRAM_BYTES {
            return Err(Error::invalid(format!(
                "the program has {} bytes; at most {PROGRAM_BYTES} are allowed",
                code.len()
            )));
        }
        let definitions = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs())
            .filter(|definition| !AMBIENT.contains(&definition.name));
        let natives = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs())
            .filter(|(name, ..)| !AMBIENT.contains(name));

        let arena = Arena::default();
        let modules = Loader::new(definitions)
            .load(&arena, File { code, path: () })
            .map_err(|errors| text::not_loaded(code, &errors))?;
        // A data file that a program imports would be read here; there is none to read.
        import(&modules, |_| Err(String::new())).map_err(|errors| text::not_loaded(code, &errors))?;
        let filter = Compiler::default()
            .with_funs(natives)
            .compile(modules)
            .map_err(|errors| text::not_compiled(code, &errors))?;
        Ok(Self { filter })
    }

    pub(crate) fn run(&self, record: &str) -> Result<Option<String>, Error> {
        // jaq reads more than JSON, and recurses without a bound: both are decided before.
        json::judge(record).map_err(|error| Error::invalid(format!("the record is not JSON: {error}")))?;
        let input = read::parse_single(record.as_bytes())
            .map_err(|error| Error::invalid(format!("the record is not JSON: {error}")))?;

        let context = Ctx::<JustLut<Val>>::new(&self.filter.lut, Vars::new([]));
        let mut outputs = self.filter.id.run((context, input)).map(|output| match output {
            Ok(value) => Ok(value),
            Err(exception) => Err(match exception.get_err() {
                // A message that the program raised itself is shown as JSON would write it.
                Ok(error) => {
                    let message = text::bounded(&error);
                    let raised = message.strip_prefix('"');
                    let message = raised.map_or(&*message, |text| text.strip_suffix('"').unwrap_or(text));
                    Error::invalid(format!("the program failed: {message}"))
                }
                Err(_) => Error::invalid("the program ended without a result"),
            }),
        });
        let Some(output) = outputs.next().transpose()? else { return Ok(None) };
        if outputs.next().transpose()?.is_some() {
            return Err(Error::invalid(
                "the program gave more than one result; wrap them in [ ] or pick one",
            ));
        }
        let mapped = output.to_string();
        // Not a number, an infinity, bytes and keys that are not strings have no JSON text.
        json::judge(&mapped).map_err(|error| {
            let shown = text::bounded(&mapped);
            Error::invalid(format!("the program's result is not JSON: {shown}: {error}"))
        })?;
        Ok(Some(mapped))
    }
}

/// Where `part` begins in `code`, if it lies in it: errors of the prelude do not.
pub(crate) fn place(code: &str, part: &str) -> Option<Place> {
    let offset = (part.as_ptr() as usize).checked_sub(code.as_ptr() as usize)?;
    let before = code.get(..offset)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(1, |start| start.chars().count() + 1);
    Some(Place { line, column })
}
