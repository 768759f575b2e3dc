//! Records: where one is, by its key.

pub(crate) mod args;

use std::process::ExitCode;

use server::dto::FoundRecords;

use self::args::{RecordsArgs, RecordsVerb};
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: RecordsArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    let RecordsVerb::Find { key, beginning, flow } = args.verb;
    let mut query = vec![("key", key.as_str())];
    if beginning {
        query.push(("beginning", "true"));
    }
    if let Some(flow) = flow.as_deref() {
        query.push(("flow", flow));
    }
    let found = client.get(&["records"], &query).await?;
    screen.answer::<FoundRecords>(found, show::records::found)?;
    Ok(ExitCode::SUCCESS)
}
