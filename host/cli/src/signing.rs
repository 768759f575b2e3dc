//! Signatures: an author makes a key and signs a component; an owner says whose signatures count.

pub(crate) mod args;

use std::process::ExitCode;

use domain::signing::PrivateKey;
use domain::{Digest, Randomness as _};
use server::dto::Signers;

use self::args::{KeygenArgs, SignArgs, SignersArgs, SignersVerb};
use crate::client::Client;
use crate::failure::Failure;
use crate::files;
use crate::screen::{Screen, note, say};
use crate::show;

/// On this machine alone: no host ever sees a private key.
pub(crate) fn keygen(args: &KeygenArgs) -> Result<ExitCode, Failure> {
    if args.file.exists() {
        return Err(Failure::Usage(format!("{} exists; a key is never overwritten", args.file.display())));
    }
    let mut bytes = [0; 32];
    lockgate::OsRandomness.fill(&mut bytes);
    let key = PrivateKey::from_bytes(bytes);
    files::write_private(&args.file, &key.to_text())?;
    note(&format!("the private key is in {}; this is the public one:", args.file.display()));
    say(&key.public().to_string());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn sign(args: &SignArgs) -> Result<ExitCode, Failure> {
    let text = files::read_text(&args.key)?;
    let key = PrivateKey::from_text(&text).map_err(|error| Failure::Usage(error.to_string()))?;
    let component = files::read(&args.file, files::COMPONENT_BYTES_MAX)?;
    say(&key.sign(&Digest::of(&component)).to_string());
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn run(args: SignersArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    let answer = match args.verb.unwrap_or(SignersVerb::List) {
        SignersVerb::List => client.get(&["signers"], &[]).await?,
        SignersVerb::Set { keys } => client.put(&["signers"], &Signers { signers: keys }).await?,
        SignersVerb::Clear => client.put(&["signers"], &Signers { signers: Vec::new() }).await?,
    };
    screen.answer::<Signers>(answer, |signers| match signers.signers.as_slice() {
        [] => "unsigned components are taken; `lockgate signers set KEY` asks for signatures".to_owned(),
        keys => keys.iter().map(|key| show::inert(key)).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(ExitCode::SUCCESS)
}
