//! `lockgate dev`: builds the project whenever it changes, puts it into a host, and shows what it does there.

pub(crate) mod args;
mod own_host;
mod place;
mod tell;
mod watch;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Context as _;

use self::args::DevArgs;
use self::own_host::OwnHost;
use self::place::Place;
use self::tell::Tell;
use self::watch::Watch;
use crate::args::Remote;
use crate::build;
use crate::client::Client;
use crate::failure::Failure;
use crate::local;
use crate::logs::Tail;
use crate::project::Project;
use crate::screen::Screen;

pub(crate) async fn run(args: DevArgs) -> Result<ExitCode, Failure> {
    let project = Project::find(&args.dir)?;
    let tell = Tell { json: args.remote.json };
    if let Some(path) = &args.credential {
        local::secret(path)?;
    }
    // Before anything takes time: what is changed during the first build is noticed.
    let watch = Watch::new(&project)?;
    let own = if args.host { None } else { Some(OwnHost::start(&args, tell).await?) };
    let remote = match &own {
        Some(own) => own.remote(&args.remote),
        None => args.remote.clone(),
    };
    let working = Box::pin(work(&args, &project, &remote, watch, tell));
    let ended = tokio::select! {
        ended = working => ended,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.context("waiting for Ctrl-C")?;
            tell.ended();
            Ok(ExitCode::SUCCESS)
        }
    };
    if let Some(own) = own {
        own.stop().await;
    }
    ended
}

/// Ends by itself only with `--once`, or where going on makes no sense.
async fn work(
    args: &DevArgs,
    project: &Project,
    remote: &Remote,
    mut watch: Watch,
    tell: Tell,
) -> Result<ExitCode, Failure> {
    let client = Client::new(remote)?;
    let mut place = Place::new(args, &client, tell)?;
    let mut done: Option<SystemTime> = None;
    // From the first build on every row is shown: those that come while another one is built, after it.
    let mut tail: Option<Tail> = None;
    loop {
        if tail.is_none() {
            tail = Tail::newest(&client).await.ok();
        }
        let seen = project.newest_source();
        let turned = turn(project, &mut place, tell).await;
        if args.once {
            return turned.map(|()| ExitCode::SUCCESS);
        }
        match turned {
            Ok(()) => {}
            Err(failure) if is_mended_by_a_change(&failure) => tell.failed(&failure),
            Err(failure) => return Err(failure),
        }
        done = seen.or(done);
        tell.waiting();
        // What the connector does is shown while nobody changes it.
        let changed = changed(&mut watch, project, done);
        match place.profile() {
            None => changed.await?,
            Some(profile) => {
                let query = [("profile", profile)];
                let tail = match &mut tail {
                    Some(tail) => tail,
                    none => none.insert(Tail::newest(&client).await?),
                };
                let following = tail.follow(&client, Screen { json: args.remote.json }, &query);
                tokio::select! {
                    changed = changed => changed?,
                    ended = Box::pin(following) => { ended?; }
                }
            }
        }
        tell.changed();
    }
}

/// One build, and its way into the host.
async fn turn(project: &Project, place: &mut Place<'_>, tell: Tell) -> Result<(), Failure> {
    tell.building(project);
    let built = Box::pin(build::build(project)).await?;
    tell.built(&built);
    Box::pin(place.put(&built)).await
}

/// Done when a source is newer than what was built.
async fn changed(watch: &mut Watch, project: &Project, built: Option<SystemTime>) -> Result<(), Failure> {
    while project.newest_source() <= built {
        watch.next(project).await?;
    }
    Ok(())
}

/// A mistake in the code, or something that the host refuses of it: its author is at work, and tries again.
fn is_mended_by_a_change(failure: &Failure) -> bool {
    match failure {
        Failure::Local(_) => true,
        Failure::Problem(problem) => ![401, 403].contains(&problem.status),
        Failure::Unreachable { .. } | Failure::Lost { .. } => true,
        Failure::NotOurs { .. } | Failure::Usage(_) => false,
    }
}
