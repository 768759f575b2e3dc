//! `lockgate check`: admission on the laptop, with what a component asks for and what it costs.

pub(crate) mod args;

use std::path::PathBuf;
use std::process::ExitCode;

use kit::{Options, Stand};
use lockgate::{AdmissionReport, Kind};
use serde::Serialize;
use serde_json::json;
use server::dto::Connector;

use self::args::CheckArgs;
use crate::failure::Failure;
use crate::files::{COMPONENT_BYTES_MAX, read};
use crate::project::Project;
use crate::screen::{self, Screen};
use crate::show::{connectors, fields, inert};

/// The exit status of a component that no host would take.
const REFUSED: u8 = 3;

/// What admission and calls take.
#[derive(Clone, Copy, Debug, Serialize)]
struct Cost {
    size_bytes: usize,
    core_modules: usize,
    functions: usize,
    examine_us: u64,
    compile_us: u64,
    /// Whether it was compiled before, so that this is how long that took to load.
    cached: bool,
    /// Instantiating it for the first time and asking what it is.
    first_call_us: u64,
    /// The check of a profile on a vendor that answers 404 at once; none where no profile can be made up.
    warm_call_us: Option<u64>,
    /// The memory of that call.
    warm_call_bytes: Option<usize>,
}

pub(crate) async fn run(args: CheckArgs) -> Result<ExitCode, Failure> {
    let screen = Screen { json: args.json };
    let component = component(&args)?;
    let bytes = read(&component, COMPONENT_BYTES_MAX)?;
    let spinner = screen.spinner("admitting the component".to_owned());
    let options = Options { artefacts: args.cache.artefacts(), ..Options::default() };
    let stand = match Box::pin(Stand::open(bytes, options)).await {
        Ok(stand) => stand,
        Err(error) if is_refusal(error.kind) => {
            drop(spinner);
            if screen.json {
                let refused = json!({"admitted": false, "code": error.code, "message": error.message});
                screen::say(&screen::inert_json(&refused));
            } else {
                screen::complain(&format!(
                    "no host would take it: {} [{}]",
                    inert(&error.message),
                    error.code
                ));
            }
            return Ok(ExitCode::from(REFUSED));
        }
        Err(error) => return Err(anyhow::Error::new(error).into()),
    };
    let warm = Box::pin(stand.warm()).await;
    drop(spinner);
    let AdmissionReport { size_bytes, core_modules, functions, examine_us, compile_us, describe_us, cached } =
        stand.admission().report;
    let cost = Cost {
        size_bytes,
        core_modules,
        functions,
        examine_us,
        compile_us,
        cached,
        first_call_us: describe_us,
        warm_call_us: warm.map(|warm| warm.wall_us),
        warm_call_bytes: warm.map(|warm| warm.memory_bytes),
    };
    let connector = Connector::from(stand.connector().clone());
    let fickle = stand.admission().fickle.as_ref();
    if screen.json {
        let found = json!({"admitted": true, "connector": connector, "cost": cost, "fickle": fickle});
        screen::say(&screen::inert_json(&found));
    } else {
        // The stand's clock would have it uploaded in a year of its own.
        let connector = Connector { uploaded_at: "not yet".to_owned(), ..connector };
        screen::say(format!("{}\n{}", connectors::one(&connector), shown(&cost)).trim_end());
        if let Some(difference) = fickle {
            screen::note(&format!(
                "\nwarning: two descriptions of it differ ({}); a host keeps the first",
                inert(difference)
            ));
        }
        screen.hint("\nadmitted; next: lockgate test");
    }
    Ok(ExitCode::SUCCESS)
}

fn component(args: &CheckArgs) -> Result<PathBuf, Failure> {
    if args.path.is_file() {
        return Ok(args.path.clone());
    }
    if args.path.extension().is_some_and(|kind| kind == "wasm") {
        return Err(Failure::Usage(format!("there is no file {}", args.path.display())));
    }
    let project = Project::find(&args.path)?;
    let component = project.component();
    if !component.is_file() {
        return Err(Failure::Usage(format!(
            "{} is not there yet; `lockgate build` makes it",
            component.display()
        )));
    }
    if project.is_stale() {
        screen::note("a source is newer than the component; `lockgate build` makes it anew");
    }
    Ok(component.to_owned())
}

fn is_refusal(kind: Kind) -> bool {
    matches!(kind, Kind::Invalid | Kind::TooLarge | Kind::Refused | Kind::Guest)
}

fn shown(cost: &Cost) -> String {
    let ms = |us: u64| format!("{}.{:03} ms", us / 1_000, us % 1_000);
    let warm = match (cost.warm_call_us, cost.warm_call_bytes) {
        (Some(us), Some(bytes)) => {
            format!("{} and {} KiB of memory, for the check of a profile", ms(us), bytes >> 10)
        }
        _ => "not measured: no profile could be made up".to_owned(),
    };
    let compiled = if cost.cached {
        format!("{} to load what was compiled before; --no-cache compiles it anew", ms(cost.compile_us))
    } else {
        ms(cost.compile_us)
    };
    fields(&[
        (
            "size",
            format!(
                "{} KiB, {} functions in {} modules",
                cost.size_bytes >> 10,
                cost.functions,
                cost.core_modules
            ),
        ),
        ("examined", ms(cost.examine_us)),
        ("compiled", compiled),
        ("first call", format!("{}, to describe itself", ms(cost.first_call_us))),
        ("warm call", warm),
    ])
}
