//! Connectors: upload, list, show.

pub(crate) mod args;

use std::process::ExitCode;

use server::dto::{Connector, ConnectorSummary, Page, Uploaded};

use self::args::{ConnectorsArgs, ConnectorsVerb, UploadArgs};
use crate::client::Client;
use crate::failure::Failure;
use crate::files;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn upload(args: UploadArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    let component = files::read(&args.file, files::COMPONENT_BYTES_MAX)?;
    let signature = args.signature.as_deref().map(files::read_text).transpose()?;
    let spinner =
        screen.spinner(format!("uploading {} KiB; the host compiles it", component.len().div_ceil(1024)));
    let answer = client.upload(&[], component, signature.as_deref().map(str::trim)).await;
    drop(spinner);
    let uploaded: Uploaded = screen.answer(answer?, show::connectors::uploaded)?;
    let name = show::inert(&uploaded.connector.name);
    screen.hint(&format!("\nnext: lockgate profiles create {name}-main --connector {name}"));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn run(args: ConnectorsArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or(ConnectorsVerb::List) {
        ConnectorsVerb::List => {
            let page = client.list(&["connectors"], &[], usize::MAX).await?;
            screen.answer::<Page<ConnectorSummary>>(page, show::connectors::list)?;
        }
        ConnectorsVerb::Show { name, version } => {
            let query: Vec<_> = version.as_deref().map(|version| ("version", version)).into_iter().collect();
            let connector = client.get(&["connectors", &name], &query).await?;
            screen.answer::<Connector>(connector, show::connectors::one)?;
        }
        ConnectorsVerb::Delete { name, version } => {
            client.delete(&["connectors", &name, "versions", &version]).await?;
            screen.hint(&format!("{}@{} is gone", show::inert(&name), show::inert(&version)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
