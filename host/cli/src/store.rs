//! The data folder of a stopped host, looked at without a host.

pub(crate) mod args;

use std::process::ExitCode;

use anyhow::Context as _;
use lockgate::Checked;
use serde_json::json;

use self::args::{StoreArgs, StoreVerb};
use crate::failure::Failure;
use crate::keys;
use crate::screen;

pub(crate) async fn run(args: StoreArgs) -> Result<ExitCode, Failure> {
    let StoreVerb::Check { data, key_file, json } = args.verb;
    let key = keys::given(key_file.as_deref())?;
    let checked = lockgate::check_folder(&data, key)
        .await
        .with_context(|| format!("checking the data folder {}", data.display()))?;
    if json {
        let mut whole = json!({ "whole": checked.is_whole(), "rows": checked.rows() });
        if let (Some(fields), Ok(serde_json::Value::Object(rest))) =
            (whole.as_object_mut(), serde_json::to_value(&checked))
        {
            fields.extend(rest);
        }
        screen::say(&screen::inert_json(&whole));
    } else {
        screen::say(&said(&checked));
    }
    Ok(if checked.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn said(checked: &Checked) -> String {
    let tables: Vec<String> = checked.tables.iter().map(|(table, rows)| format!("{table} {rows}")).collect();
    let mut said =
        format!("{} rows in {} KiB ({})\n", checked.rows(), checked.bytes.div_ceil(1_024), tables.join(", "));
    for problem in &checked.problems {
        said.push_str(&format!("{} {}: {}\n", problem.table, problem.key, problem.what));
    }
    said.push_str(&match checked.problems_count {
        0 => "all is well".to_owned(),
        count => format!("{count} problems; restore the folder from a backup, or set right what is named"),
    });
    said
}
