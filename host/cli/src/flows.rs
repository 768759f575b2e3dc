//! Flows: made, run, watched.

pub(crate) mod args;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use server::dto::{Delivery, Destination, Flow, Mapping, NewFlow, Page, Run, RunStatus, Schedule, Source};

use self::args::{CreateArgs, FlowsArgs, FlowsVerb};
use crate::client::Client;
use crate::failure::Failure;
use crate::files;
use crate::screen::Screen;
use crate::show;

/// How often a run that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(crate) async fn run(args: FlowsArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or(FlowsVerb::List) {
        FlowsVerb::List => {
            let page = client.list(&["flows"], &[], usize::MAX).await?;
            screen.answer::<Page<Flow>>(page, show::flows::list)?;
        }
        FlowsVerb::Show { name } => {
            let flow = client.get(&["flows", &name], &[]).await?;
            screen.answer::<Flow>(flow, show::flows::one)?;
        }
        FlowsVerb::Create(args) => {
            let flow = client.post(&["flows"], Some(&new_flow(args)?)).await?;
            let flow: Flow = screen.answer(flow, show::flows::one)?;
            screen.hint(&format!("\nnext: lockgate flows run {} --wait", show::inert(&flow.name)));
        }
        FlowsVerb::Run { name, wait } => return start(&client, screen, &name, wait).await,
        FlowsVerb::Enable { name } => {
            let flow = client.order(&["flows", &name, "enable"]).await?;
            screen.answer::<Flow>(flow, show::flows::one)?;
        }
        FlowsVerb::Disable { name } => {
            let flow = client.order(&["flows", &name, "disable"]).await?;
            screen.answer::<Flow>(flow, show::flows::one)?;
        }
        FlowsVerb::Delete { name } => {
            client.delete(&["flows", &name]).await?;
            screen.hint(&format!("the flow {} is gone", show::inert(&name)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// From a file as it stands, so that the host judges it and not this program; or from flags.
fn new_flow(args: CreateArgs) -> Result<Value, Failure> {
    if let Some(path) = &args.file {
        let text = files::read_text(path)?;
        return Ok(serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?);
    }
    let (Some(name), Some(from), Some(to)) = (args.name, args.from, args.to) else {
        return Err(Failure::Usage("a flow needs a name, --from and --to, or --file".to_owned()));
    };
    let mut delivery = Delivery::default();
    if let Some(batch) = args.batch {
        delivery.batch = batch;
    }
    if let Some(word) = args.on_drift {
        delivery.drift = word.into();
    }
    let mapping = args.map.as_deref().map(files::read_text).transpose()?;
    let flow = NewFlow {
        name,
        source: Source { profile: from.profile, trigger: from.what },
        mapping: mapping.map(|jq| Mapping { jq }),
        destination: Destination { profile: to.profile, action: to.what },
        schedule: args.every.map(|every_ms| Schedule { every_ms: Some(every_ms), ..Schedule::default() }),
        delivery,
    };
    Ok(serde_json::to_value(flow).context("writing the flow")?)
}

async fn start(client: &Client, screen: Screen, name: &str, wait: bool) -> Result<ExitCode, Failure> {
    let mut value = client.order(&["flows", name, "runs"]).await?;
    let mut run = read(&value)?;
    if !wait {
        screen.answer::<Run>(value, show::runs::one)?;
        screen.hint(&format!("\nnext: lockgate runs show {}", show::inert(&run.id)));
        return Ok(ExitCode::SUCCESS);
    }
    let spinner = screen.spinner(show::runs::progress(&run));
    while !run.status.is_final() {
        tokio::time::sleep(LOOK_EVERY).await;
        value = client.get(&["runs", &run.id], &[]).await?;
        run = read(&value)?;
        spinner.say(show::runs::progress(&run));
    }
    drop(spinner);
    screen.answer::<Run>(value, show::runs::one)?;
    Ok(if run.status == RunStatus::Succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(value: &Value) -> Result<Run, Failure> {
    Ok(serde_json::from_value(value.clone()).context("reading the run")?)
}
