//! The owner's consent to keep cassettes of a profile's calls.

use server::dto::{NewRecording, Recording, RecordingWanted};

use super::args::RecordArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::show;

pub(super) async fn record(client: &Client, screen: Screen, args: RecordArgs) -> Result<(), Failure> {
    let RecordArgs { name, for_ms, all, failures: _, stop, show: only_show } = args;
    let path = ["profiles", &name, "recording"];
    let answer = if only_show {
        client.get(&path, &[]).await?
    } else {
        let wanted = if all { RecordingWanted::All } else { RecordingWanted::Failures };
        let new = NewRecording { wanted, for_ms: if stop { 0 } else { for_ms } };
        client.put(&path, &new).await?
    };
    screen.answer::<Recording>(answer, |recording| show::cassettes::recording(&name, recording))?;
    if !stop {
        screen.hint(&format!("next: lockgate cassettes list --profile {}", show::inert(&name)));
    }
    Ok(())
}
