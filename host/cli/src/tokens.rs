//! API tokens: made, listed, ended.

pub(crate) mod args;

use std::process::ExitCode;

use domain::Clock as _;
use lockgate::SystemClock;
use server::dto::{NewToken, NewTokenMade, Page, Role, Token};

use self::args::{TokensArgs, TokensVerb};
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: TokensArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or(TokensVerb::List) {
        TokensVerb::Create { tenant, operator, role, expires_in } => {
            let role = if operator { Role::Operator } else { role.into() };
            let expires_at = expires_in.map(|ms| SystemClock.now().plus_ms(ms).to_string());
            let made = client.post(&["tokens"], Some(&NewToken { role, tenant, expires_at })).await?;
            let made: NewTokenMade = screen.answer(made, |made: &NewTokenMade| show::inert(&made.token))?;
            screen.hint(&format!(
                "token {}; this text is shown once and kept nowhere",
                show::inert(&made.row.id)
            ));
        }
        TokensVerb::List => {
            let page = client.get(&["tokens"], &[]).await?;
            screen.answer::<Page<Token>>(page, show::tokens::list)?;
        }
        TokensVerb::Revoke { id } => {
            client.delete(&["tokens", &id]).await?;
            screen.hint(&format!("token {} is no longer valid", show::inert(&id)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
