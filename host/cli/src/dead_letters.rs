//! Dead letters: found, shown, edited, sent again one by one or many at a pace, discarded.

pub(crate) mod args;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use server::dto::{
    DeadLetter, DeadLetterSummary, JobState, NewBody, NewDiscard, NewReplay, Page, ReplayJob, ReplayPlan,
    Replayed,
};

use self::args::{DeadLettersArgs, DeadLettersVerb, JobsVerb, ListArgs, ReplayAllArgs};
use crate::client::Client;
use crate::failure::Failure;
use crate::files;
use crate::screen::Screen;
use crate::show;

const NOUN: &str = "dead-letters";
/// Replays of many: work of their own.
const JOBS: &str = "replays";
const LOOK_EVERY: Duration = Duration::from_millis(300);

pub(crate) async fn run(args: DeadLettersArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or_else(|| DeadLettersVerb::List(ListArgs::default())) {
        DeadLettersVerb::List(of) => {
            let page = client.list(&[NOUN], &of.query(), of.limit).await?;
            screen.answer::<Page<DeadLetterSummary>>(page, show::dead_letters::list)?;
        }
        DeadLettersVerb::Show { id } => {
            let letter = client.get(&[NOUN, &id], &[]).await?;
            screen.answer::<DeadLetter>(letter, show::dead_letters::one)?;
        }
        DeadLettersVerb::Edit { id, body, replay: sends, as_new } => {
            let new = NewBody { body: files::json(&body)? };
            let letter = client.put(&[NOUN, &id, "body"], &new).await?;
            if sends {
                screen.hint("the body was replaced\n");
                replay(&client, screen, &id, as_new).await?;
            } else {
                screen.answer::<DeadLetter>(letter, show::dead_letters::one)?;
            }
        }
        DeadLettersVerb::Replay { id, as_new } => replay(&client, screen, &id, as_new).await?,
        DeadLettersVerb::ReplayAll(args) => return replay_all(&client, screen, args).await,
        DeadLettersVerb::Jobs { verb } => jobs(&client, screen, verb).await?,
        DeadLettersVerb::Discard { id, reason } => {
            let letter = client.create(&[NOUN, &id, "discard"], &NewDiscard { reason }).await?;
            screen.answer::<DeadLetter>(letter, show::dead_letters::one)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn replay(client: &Client, screen: Screen, id: &str, as_new: bool) -> Result<(), Failure> {
    let query: &[_] = if as_new { &[("as_new", "true")] } else { &[] };
    let answer = client.start(&[NOUN, id, "replay"], query).await?;
    let replayed: Replayed = screen.answer(answer, |replayed: &Replayed| show::runs::one(&replayed.run))?;
    for warning in &replayed.warnings {
        screen.hint(&format!("\nwarning: {}", show::inert(warning)));
    }
    screen.hint(&format!("\nnext: lockgate runs show {}", show::inert(&replayed.run.id)));
    Ok(())
}

async fn replay_all(client: &Client, screen: Screen, args: ReplayAllArgs) -> Result<ExitCode, Failure> {
    let of = args.of;
    if of.is_everything() && !args.everything && !args.dry_run {
        return Err(Failure::Usage(
            "say which: --flow, --code, --blame, --since, --until or --key; or --everything".to_owned(),
        ));
    }
    let new = NewReplay {
        flow: of.flow,
        code: of.code,
        blame: of.blame,
        since: of.since,
        until: of.until,
        key: of.key,
        dry_run: args.dry_run,
        per_second: args.per_second,
        as_new: args.as_new,
    };
    let answer = if args.dry_run {
        client.post(&[JOBS], Some(&new)).await?
    } else {
        client.create(&[JOBS], &new).await?
    };
    if !args.wait {
        screen.answer::<ReplayPlan>(answer, show::replays::plan)?;
        return Ok(ExitCode::SUCCESS);
    }
    let plan: ReplayPlan = serde_json::from_value(answer).context("reading the plan of the replay")?;
    let Some(job) = plan.job else { return Ok(ExitCode::SUCCESS) };
    let job = to_its_end(client, screen, job).await?;
    Ok(if job.refused == 0 && job.state == JobState::Done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn to_its_end(client: &Client, screen: Screen, mut job: ReplayJob) -> Result<ReplayJob, Failure> {
    let spinner = screen.spinner(show::replays::progress(&job));
    let value = loop {
        let value = client.get(&[JOBS, &job.id], &[]).await?;
        job = serde_json::from_value(value.clone()).context("reading the replay")?;
        if job.state != JobState::Running {
            break value;
        }
        spinner.say(show::replays::progress(&job));
        tokio::time::sleep(LOOK_EVERY).await;
    };
    drop(spinner);
    screen.answer::<ReplayJob>(value, show::replays::one)?;
    Ok(job)
}

async fn jobs(client: &Client, screen: Screen, verb: Option<JobsVerb>) -> Result<(), Failure> {
    match verb.unwrap_or(JobsVerb::List { limit: 50 }) {
        JobsVerb::List { limit } => {
            let page = client.list(&[JOBS], &[], limit).await?;
            screen.answer::<Page<ReplayJob>>(page, show::replays::list)?;
        }
        JobsVerb::Show { id } => {
            screen.answer::<ReplayJob>(client.get(&[JOBS, &id], &[]).await?, show::replays::one)?;
        }
        JobsVerb::Cancel { id } => {
            screen.answer::<ReplayJob>(client.order(&[JOBS, &id, "cancel"]).await?, show::replays::one)?;
        }
    }
    Ok(())
}
