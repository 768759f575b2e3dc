//! Dead letters: list, show, replay.

pub(crate) mod args;

use std::process::ExitCode;

use server::dto::{DeadLetter, DeadLetterSummary, Page, Run};

use self::args::{DeadLettersArgs, DeadLettersVerb};
use crate::client::Client;
use crate::failure::Failure;
use crate::runs::args::OfFlowArgs;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: DeadLettersArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or_else(|| DeadLettersVerb::List(OfFlowArgs::default())) {
        DeadLettersVerb::List(of) => {
            let page = client.list(&["dead-letters"], &of.query(), of.limit).await?;
            screen.answer::<Page<DeadLetterSummary>>(page, show::dead_letters::list)?;
        }
        DeadLettersVerb::Show { id } => {
            let letter = client.get(&["dead-letters", &id], &[]).await?;
            screen.answer::<DeadLetter>(letter, show::dead_letters::one)?;
        }
        DeadLettersVerb::Replay { id } => {
            let run = client.order(&["dead-letters", &id, "replay"]).await?;
            let run: Run = screen.answer(run, show::runs::one)?;
            screen.hint(&format!("\nnext: lockgate runs show {}", show::inert(&run.id)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
