//! Hooks: made, listed, shown, given another secret, switched, tried, removed.

pub(crate) mod args;

use std::process::ExitCode;

use server::dto::{Hook, HookMade, HookSample, HookShown, HookTested, NewHook, NewHookSecret, Page};

use self::args::{CreateArgs, HooksArgs, HooksVerb, RotateArgs, SecretArgs};
use crate::client::Client;
use crate::failure::Failure;
use crate::files;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: HooksArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or(HooksVerb::List) {
        HooksVerb::List => {
            let page = client.list(&["hooks"], &[], usize::MAX).await?;
            screen.answer::<Page<Hook>>(page, show::hooks::list)?;
        }
        HooksVerb::Show { id } => {
            screen.answer::<HookShown>(client.get(&["hooks", &id], &[]).await?, show::hooks::one)?;
        }
        HooksVerb::Create(args) => create(&client, screen, args).await?,
        HooksVerb::RotateSecret(args) => rotate(&client, screen, args).await?,
        HooksVerb::Retire { id } => {
            screen.answer::<Hook>(client.order(&["hooks", &id, "retire"]).await?, show::hooks::row)?;
        }
        HooksVerb::Enable { id } => {
            screen.answer::<Hook>(client.order(&["hooks", &id, "enable"]).await?, show::hooks::row)?;
        }
        HooksVerb::Disable { id } => {
            screen.answer::<Hook>(client.order(&["hooks", &id, "disable"]).await?, show::hooks::row)?;
        }
        HooksVerb::Delete { id } => {
            client.delete(&["hooks", &id]).await?;
            screen.hint(&format!("the hook {} is gone, and its secret with it", show::inert(&id)));
        }
        HooksVerb::Test { id, body } => {
            let sample = HookSample { body: body.map(|path| files::read_text(&path)).transpose()? };
            let tested = client.post(&["hooks", &id, "test"], Some(&sample)).await?;
            screen.answer::<HookTested>(tested, show::hooks::tested)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(client: &Client, screen: Screen, args: CreateArgs) -> Result<(), Failure> {
    let new = NewHook {
        profile: args.profile,
        trigger: args.trigger,
        secret: secret(&args.secret)?,
        body_bytes_max: args.body_bytes,
        per_second: args.per_second,
        burst: args.burst,
    };
    let made = client.create(&["hooks"], &new).await?;
    screen.answer::<HookMade>(made, show::hooks::made)?;
    Ok(())
}

async fn rotate(client: &Client, screen: Screen, args: RotateArgs) -> Result<(), Failure> {
    let keep_old_ms = if args.drop_old { Some(0) } else { args.keep_old };
    let new = NewHookSecret { secret: secret(&args.secret)?, keep_old_ms };
    let made = client.put(&["hooks", &args.id, "secret"], &new).await?;
    let made: HookMade = screen.answer(made, show::hooks::made)?;
    if made.hook.old_secret && made.hook.old_secret_until.is_none() {
        screen.hint(&format!(
            "\nwhen the sender uses it: lockgate hooks retire {}",
            show::inert(&made.hook.id)
        ));
    }
    Ok(())
}

/// None: the host makes one.
fn secret(args: &SecretArgs) -> Result<Option<String>, Failure> {
    let text = match &args.secret_file {
        Some(path) => {
            let mut text = files::read_text(path)?;
            files::without_line_break(&mut text);
            text
        }
        None if args.secret_stdin => files::secret("secret that the sender signs with (not shown): ")?,
        None => return Ok(None),
    };
    if text.is_empty() {
        return Err(Failure::Usage("the secret is empty; type it, or pipe it into stdin".to_owned()));
    }
    Ok(Some(text))
}
