//! The policy of a profile: explained for one request, observed at work, and proposed as small as it can be.

pub(crate) mod args;

use std::process::ExitCode;

use server::dto::{Explanation, NewExplanation, NewHeader, NewObservation, Proposal};

use self::args::{ExplainArgs, ObserveArgs, PolicyArgs, PolicyVerb};
use crate::client::Client;
use crate::failure::{DENIED, Failure};
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: PolicyArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb {
        PolicyVerb::Explain(args) => explain(&client, screen, args).await,
        PolicyVerb::Observe(args) => observe(&client, screen, args).await,
        PolicyVerb::Propose { name } => {
            let proposal = client.get(&["profiles", &name, "policy", "proposal"], &[]).await?;
            screen.answer::<Proposal>(proposal, |proposal| show::policy::proposal(&name, proposal))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn explain(client: &Client, screen: Screen, args: ExplainArgs) -> Result<ExitCode, Failure> {
    let headers = args.headers.into_iter().map(|(name, value)| NewHeader { name, value }).collect();
    let request = NewExplanation { method: args.method, url: args.request_url, headers };
    let answer = client.post(&["profiles", &args.profile, "policy", "explain"], Some(&request)).await?;
    let explanation: Explanation = screen.answer(answer, show::policy::explanation)?;
    Ok(if explanation.allowed { ExitCode::SUCCESS } else { ExitCode::from(DENIED) })
}

async fn observe(client: &Client, screen: Screen, args: ObserveArgs) -> Result<ExitCode, Failure> {
    let name = &args.name;
    let order = NewObservation { for_ms: if args.stop { 0 } else { args.for_ms } };
    let answer = client.post(&["profiles", name, "observe"], Some(&order)).await?;
    screen.answer::<Proposal>(answer, |proposal| show::policy::observing(name, proposal))?;
    screen.hint(&format!("next: lockgate policy propose {}", show::inert(name)));
    Ok(ExitCode::SUCCESS)
}
