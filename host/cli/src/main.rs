//! The lockgate command: serves a host, shows the demo, and speaks to a host's API.

mod args;
mod audit;
mod build;
mod cache;
mod call;
mod cassettes;
mod check;
mod client;
mod connectors;
mod dead_letters;
mod demo;
mod dev;
mod diff;
mod events;
mod failure;
mod files;
mod flows;
mod hooks;
mod keys;
mod local;
mod logs;
mod memory;
mod new;
mod policy;
mod poll;
mod profiles;
mod project;
mod quotas;
mod receive;
mod records;
mod replay;
mod runs;
mod screen;
mod serve;
mod show;
mod signing;
mod store;
mod test;
mod tokens;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    // Before anything else, and before there are threads: as a compile worker this process does nothing else.
    lockgate::run_if_compile_worker();
    command()
}

#[tokio::main]
async fn command() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command).await {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    // Boxed: each of these futures is as large as everything that it can do.
    match command {
        Command::Serve(args) => Ok(Box::pin(serve::run(args)).await?),
        Command::Demo(args) => Ok(Box::pin(demo::run(args)).await?),
        Command::New(args) => new::run(args),
        Command::Build(args) => Box::pin(build::run(args)).await,
        Command::Diff(args) => Box::pin(diff::run(args)).await,
        Command::Call(args) => Box::pin(call::run(args)).await,
        Command::Poll(args) => Box::pin(poll::run(args)).await,
        Command::Receive(args) => Box::pin(receive::run(args)).await,
        Command::Replay(args) => Box::pin(replay::run(args)).await,
        Command::Dev(args) => Box::pin(dev::run(args)).await,
        Command::Check(args) => Box::pin(check::run(args)).await,
        Command::Test(args) => Box::pin(test::run(args)).await,
        Command::Upload(args) => Box::pin(connectors::upload(args)).await,
        Command::Keygen(args) => signing::keygen(&args),
        Command::Sign(args) => signing::sign(&args),
        Command::Signers(args) => Box::pin(signing::run(args)).await,
        Command::Connectors(args) => Box::pin(connectors::run(args)).await,
        Command::Profiles(args) => Box::pin(profiles::run(args)).await,
        Command::Policy(args) => Box::pin(policy::run(args)).await,
        Command::Flows(args) => Box::pin(flows::run(args)).await,
        Command::Hooks(args) => Box::pin(hooks::run(args)).await,
        Command::Runs(args) => Box::pin(runs::run(args)).await,
        Command::Cassettes(args) => Box::pin(cassettes::run(args)).await,
        Command::Records(args) => Box::pin(records::run(args)).await,
        Command::DeadLetters(args) => Box::pin(dead_letters::run(args)).await,
        Command::Events(args) => Box::pin(events::run(args)).await,
        Command::Logs(args) => Box::pin(logs::run(args)).await,
        Command::Audit(args) => Box::pin(audit::run(args)).await,
        Command::Keys(args) => Box::pin(keys::run(args)).await,
        Command::Quotas(args) => Box::pin(quotas::run(args)).await,
        Command::Store(args) => Box::pin(store::run(args)).await,
        Command::Tokens(args) => Box::pin(tokens::run(args)).await,
    }
}
