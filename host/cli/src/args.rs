//! What the command line understands: the verbs, and what all clients of a host have in common.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use reqwest::Url;

use crate::audit::args::AuditArgs;
use crate::build::args::BuildArgs;
use crate::call::args::CallArgs;
use crate::cassettes::args::CassettesArgs;
use crate::check::args::CheckArgs;
use crate::connectors::args::{ConnectorsArgs, UploadArgs};
use crate::dead_letters::args::DeadLettersArgs;
use crate::demo::DemoArgs;
use crate::dev::args::DevArgs;
use crate::diff::args::DiffArgs;
use crate::events::args::EventsArgs;
use crate::flows::args::FlowsArgs;
use crate::hooks::args::HooksArgs;
use crate::keys::args::KeysArgs;
use crate::logs::args::LogsArgs;
use crate::new::args::NewArgs;
use crate::policy::args::PolicyArgs;
use crate::poll::args::PollArgs;
use crate::profiles::args::ProfilesArgs;
use crate::quotas::args::QuotasArgs;
use crate::receive::args::ReceiveArgs;
use crate::records::args::RecordsArgs;
use crate::replay::args::ReplayArgs;
use crate::runs::args::RunsArgs;
use crate::serve::args::ServeArgs;
use crate::signing::args::{KeygenArgs, SignArgs, SignersArgs};
use crate::store::args::StoreArgs;
use crate::test::args::TestArgs;
use crate::tokens::args::TokensArgs;

const AFTER: &str = "\
A first connector, with a host on this machine:
  lockgate serve --data ./lockgate-data                      # prints where the operator's token is
  lockgate tokens create --tenant acme --token-file ./lockgate-data/operator.token
  export LOCKGATE_TOKEN=...                                  # the token that this printed
  lockgate upload shop.wasm                                  # shows what the connector asks for
  lockgate profiles create shop-main --connector shop
  lockgate profiles credential shop-main < key.txt
  lockgate profiles grant shop-main --host https://api.shop.example --scope orders:read
  lockgate profiles check shop-main

Exit status:
  0  done
  1  it failed: the run, the check, a call, or the host itself
  2  the command line cannot be understood
  3  the host refused it: invalid, too large, or against a rule
  4  there is no such thing
  5  the token is missing, wrong, or may not do this
  6  the host cannot be reached
  7  `policy explain`: the request is denied";

/// Run other people's connectors in a sandbox: upload a component, grant it exactly what it needs, and let it move
/// records between systems.
#[derive(Debug, Parser)]
#[command(name = "lockgate", version, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a host and its HTTP API.
    Serve(ServeArgs),
    /// Show the whole thing on real data, with two mock vendors on this machine.
    Demo(DemoArgs),
    /// Write a connector's project, which builds and passes its own tests at once.
    New(NewArgs),
    /// Build the project in this folder to a component.
    Build(BuildArgs),
    /// What changed between two versions of a connector, and how far the version has to move.
    Diff(DiffArgs),
    /// Run an action of a component on this machine, in the real sandbox.
    Call(CallArgs),
    /// Read pages of a component's trigger on this machine.
    Poll(PollArgs),
    /// Give a component an event on this machine, and see the records that it makes of it.
    Receive(ReceiveArgs),
    /// Play recorded calls to a component with no network: the same one, or another version.
    Replay(ReplayArgs),
    /// Build the project whenever it changes, put it into a host, and show what it does there.
    Dev(DevArgs),
    /// Admit a component on this machine: what it asks for, what it would be refused for, and what it costs.
    Check(CheckArgs),
    /// Run the tests of a connector and the conformance kit, without a network.
    Test(TestArgs),
    /// Upload a component as a connector.
    Upload(UploadArgs),
    /// Make a key to sign components with, on this machine.
    Keygen(KeygenArgs),
    /// Sign a component, on this machine.
    Sign(SignArgs),
    /// Whose signature an upload needs.
    Signers(SignersArgs),
    /// Connectors: what each asks for.
    Connectors(ConnectorsArgs),
    /// Profiles: a connector with its configuration, credential and grant.
    Profiles(ProfilesArgs),
    /// What the gates say of a request, what a connector tried, and the least that it needs.
    Policy(PolicyArgs),
    /// Flows: from one profile's trigger, through a mapping, to another profile's action.
    Flows(FlowsArgs),
    /// Hooks: addresses that systems send webhooks to.
    Hooks(HooksArgs),
    /// Runs: what happened, and who has to act.
    Runs(RunsArgs),
    /// Recorded calls that the host keeps while an owner consents.
    Cassettes(CassettesArgs),
    /// Where a record is: on its way, delivered, dropped or a dead letter.
    Records(RecordsArgs),
    /// Records that gave up, with a way back.
    DeadLetters(DeadLettersArgs),
    /// What happened, and who is told of it by signed webhooks.
    Events(EventsArgs),
    /// What connectors said and what they sent, refused requests included.
    Logs(LogsArgs),
    /// Who changed what: listed, exported, and verified. An operator's token shows the trail of the host.
    Audit(AuditArgs),
    /// The key that opens every stored secret.
    Keys(KeysArgs),
    /// What a tenant holds, and how much it may hold.
    Quotas(QuotasArgs),
    /// The data folder of a stopped host: whether everything in it is well.
    Store(StoreArgs),
    /// API tokens. Needs an operator's token.
    Tokens(TokensArgs),
}

/// Where the host is, who asks, and how the answer is printed.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Host")]
pub(crate) struct Remote {
    /// The host's address.
    #[arg(
        long,
        global = true,
        env = "LOCKGATE_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:7070"
    )]
    pub(crate) url: Url,
    /// The API token. Others on this machine can read a command line: prefer the variable or --token-file.
    #[arg(long, global = true, env = "LOCKGATE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// A file that holds the API token; goes before --token.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Print the API's answer as JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_says_what_it_is_for() {
        fn look(command: &clap::Command, path: &str) {
            for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
                let path = format!("{path} {}", verb.get_name());
                assert!(verb.get_about().is_some(), "{path}");
                for arg in
                    verb.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
                {
                    assert!(arg.get_help().is_some(), "{path} {}", arg.get_id());
                }
                look(verb, &path);
            }
        }
        look(&Cli::command(), "lockgate");
    }

    #[test]
    fn a_token_in_the_environment_is_not_shown_by_help() {
        let mut command = Cli::command();
        command.build();
        let shown = command.find_subcommand_mut("runs").unwrap().render_long_help().to_string();
        assert!(shown.contains("LOCKGATE_TOKEN") && !shown.contains("LOCKGATE_TOKEN="), "{shown}");
    }
}
