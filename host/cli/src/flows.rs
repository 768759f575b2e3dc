//! Flows: made, run, watched.

pub(crate) mod args;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use server::dto::{
    Delivery, Destination, Flow, FlowUpdated, Mapping, NewFlow, Page, Run, RunStatus, Schedule, Source,
};

use self::args::{CreateArgs, DefinitionArgs, FlowsArgs, FlowsVerb, UpdateArgs, Waits};
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
            let flow = client.create(&["flows"], &new_flow(args)?).await?;
            let flow: Flow = screen.answer(flow, show::flows::one)?;
            screen.hint(&format!("\nnext: lockgate flows run {} --wait", show::inert(&flow.name)));
        }
        FlowsVerb::Update(args) => {
            let name = args.name.clone();
            let new = updated(&client, args).await?;
            let updated = client.put(&["flows", &name], &new).await?;
            screen.answer::<FlowUpdated>(updated, show::flows::updated)?;
        }
        FlowsVerb::Run { name, wait } => {
            return start(&client, screen, &["flows", &name, "runs"], wait).await;
        }
        FlowsVerb::Resume { name, wait } => {
            return start(&client, screen, &["flows", &name, "resume"], wait).await;
        }
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
    let mut flow = NewFlow {
        name,
        source: Source { profile: from.profile, trigger: from.what },
        mapping: None,
        destination: Destination { profile: to.profile, action: to.what },
        schedule: None,
        delivery: Delivery::default(),
    };
    define(&mut flow, args.definition)?;
    Ok(serde_json::to_value(flow).context("writing the flow")?)
}

/// The flow as it is, with what is named in place of what it has.
async fn updated(client: &Client, args: UpdateArgs) -> Result<Value, Failure> {
    if let Some(path) = &args.file {
        let text = files::read_text(path)?;
        return Ok(serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?);
    }
    let found = client.get(&["flows", &args.name], &[]).await?;
    let found: Flow = serde_json::from_value(found).context("reading the flow")?;
    let Flow { name, source, mapping, destination, schedule, delivery, .. } = found;
    let mut flow = NewFlow { name, source, mapping, destination, schedule, delivery };
    if let Some(from) = args.from {
        flow.source = Source { profile: from.profile, trigger: from.what };
    }
    if let Some(to) = args.to {
        flow.destination = Destination { profile: to.profile, action: to.what };
    }
    flow.mapping.take_if(|_| args.no_map);
    flow.schedule.take_if(|_| args.no_schedule);
    define(&mut flow, args.definition)?;
    Ok(serde_json::to_value(flow).context("writing the flow")?)
}

fn define(flow: &mut NewFlow, args: DefinitionArgs) -> Result<(), Failure> {
    if let Some(path) = &args.map {
        flow.mapping = Some(Mapping { jq: files::read_text(path)? });
    }
    let catch_up = flow.schedule.as_ref().map(|schedule| schedule.catch_up).unwrap_or_default();
    if args.every.is_some() || args.cron.is_some() {
        flow.schedule = Some(Schedule { every_ms: args.every, cron: args.cron, zone: args.zone, catch_up });
    }
    match (args.catch_up, &mut flow.schedule) {
        (Some(word), Some(schedule)) => schedule.catch_up = word.into(),
        (Some(_), None) => {
            return Err(Failure::Usage("--catch-up says nothing without --every or --cron".to_owned()));
        }
        (None, _) => {}
    }
    let delivery = &mut flow.delivery;
    delivery.batch = args.batch.unwrap_or(delivery.batch);
    if let Some(Waits(waits_ms)) = args.retry_after {
        delivery.retry.schedule_ms = waits_ms;
    }
    delivery.order = args.order.map_or(delivery.order, Into::into);
    delivery.order_key = args.order_key.or(delivery.order_key.take());
    delivery.parallel = args.parallel.unwrap_or(delivery.parallel);
    delivery.on_spent = args.on_spent.map_or(delivery.on_spent, Into::into);
    delivery.deadline_ms = args.deadline.or(delivery.deadline_ms);
    delivery.on_deadline = args.on_deadline.map_or(delivery.on_deadline, Into::into);
    delivery.drift = args.on_drift.map_or(delivery.drift, Into::into);
    Ok(())
}

async fn start(client: &Client, screen: Screen, path: &[&str], wait: bool) -> Result<ExitCode, Failure> {
    let mut value = client.start(path, &[]).await?;
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
