//! The audit trail: listed, exported, verified; of a host, or of the data folder of a stopped one.

pub(crate) mod args;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use domain::audit::{Chain, Head};
use serde_json::{Value, json};
use server::dto::{AuditEntry, AuditVerdict, Page};

use self::args::{AuditArgs, AuditVerb, VerifyArgs};
use crate::client::Client;
use crate::failure::Failure;
use crate::keys;
use crate::screen::{self, Screen};
use crate::show;

const LIST_DEFAULT: usize = 50;

pub(crate) async fn run(args: AuditArgs) -> Result<ExitCode, Failure> {
    let screen = Screen { json: args.remote.json };
    match args.verb.unwrap_or(AuditVerb::List { limit: LIST_DEFAULT }) {
        AuditVerb::List { limit } => {
            let page = Client::new(&args.remote)?.list(&["audit"], &[], limit).await?;
            screen.answer::<Page<AuditEntry>>(page, show::audit::list)?;
            Ok(ExitCode::SUCCESS)
        }
        AuditVerb::Verify(verify) => match &verify.data {
            Some(data) => verify_folder(data, &verify, screen).await,
            None => {
                let query: Vec<_> = verify.head.as_deref().map(|head| ("head", head)).into_iter().collect();
                let verdict = Client::new(&args.remote)?.get(&["audit", "verify"], &query).await?;
                let verdict: AuditVerdict = screen.answer(verdict, show::audit::verdict)?;
                Ok(status(verdict.whole))
            }
        },
        AuditVerb::Export { after } => export(&Client::new(&args.remote)?, after).await,
    }
}

/// Every chain of the folder, or one.
async fn verify_folder(data: &Path, args: &VerifyArgs, screen: Screen) -> Result<ExitCode, Failure> {
    let head = args.head.as_deref().map(|text| text.parse::<Head>().map_err(Failure::Usage)).transpose()?;
    let only = args.tenant.as_deref().map(str::parse).transpose().context("--tenant")?.map(Chain::Tenant);
    if head.is_some() && only.is_none() {
        return Err(Failure::Usage("--head is of one chain; say which with --tenant".to_owned()));
    }
    let key = keys::given(args.key_file.as_deref())?;
    let found = lockgate::verify_folder(data, key, only, head)
        .await
        .with_context(|| format!("reading the audit trails of {}", data.display()))?;
    let verdicts: Vec<_> =
        found.into_iter().map(|(chain, verdict)| AuditVerdict::of(&chain, verdict)).collect();
    if screen.json {
        screen::say(&screen::inert_json(&json!({ "items": verdicts })));
    } else {
        verdicts.iter().for_each(|verdict| screen::say(&show::audit::verdict(verdict)));
    }
    Ok(status(verdicts.iter().all(|verdict| verdict.whole)))
}

/// Page by page, so that a trail of any length needs no memory.
async fn export(client: &Client, after: u64) -> Result<ExitCode, Failure> {
    let mut after = after;
    loop {
        let number = after.to_string();
        let entries = client.lines(&["audit", "export"], &[("after", &number)]).await?;
        let Some(last) = entries.last().and_then(|entry| entry.get("number")).and_then(Value::as_u64) else {
            return Ok(ExitCode::SUCCESS);
        };
        for entry in &entries {
            screen::say(&screen::inert_json_line(entry));
        }
        if last <= after {
            return Ok(ExitCode::SUCCESS);
        }
        after = last;
    }
}

fn status(whole: bool) -> ExitCode {
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
