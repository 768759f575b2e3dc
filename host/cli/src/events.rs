//! Events: what happened, and who is told of it.

pub(crate) mod args;

use std::process::ExitCode;

use server::dto::{Event, EventDelivery, NewSubscription, Page, Subscription, SubscriptionMade};

use self::args::{EventsArgs, EventsVerb};
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::show;

const NOUN: &str = "event-subscriptions";

pub(crate) async fn run(args: EventsArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or(EventsVerb::List { kind: None, limit: 50 }) {
        EventsVerb::List { kind, limit } => {
            let query: Vec<_> = kind.as_deref().map(|kind| ("type", kind)).into_iter().collect();
            let page = client.list(&["events"], &query, limit).await?;
            screen.answer::<Page<Event>>(page, show::events::list)?;
        }
        EventsVerb::Subscribe { name, url, types } => {
            let new = NewSubscription { name, url, types };
            let made = client.create(&[NOUN], &new).await?;
            screen.answer::<SubscriptionMade>(made, show::events::made)?;
        }
        EventsVerb::Subscriptions => {
            let page = client.get(&[NOUN], &[]).await?;
            screen.answer::<Page<Subscription>>(page, show::events::subscriptions)?;
        }
        EventsVerb::Show { name } => {
            let subscription = client.get(&[NOUN, &name], &[]).await?;
            screen.answer::<Subscription>(subscription, show::events::subscription)?;
        }
        EventsVerb::Deliveries { name, limit } => {
            let page = client.list(&[NOUN, &name, "deliveries"], &[], limit).await?;
            screen.answer::<Page<EventDelivery>>(page, show::events::deliveries)?;
        }
        EventsVerb::Test { name } => {
            let event = client.start(&[NOUN, &name, "test"], &[]).await?;
            screen
                .answer::<Event>(event, |event| format!("event {} is on its way", show::inert(&event.id)))?;
            screen.hint(&format!("how it went: lockgate events deliveries {}", show::inert(&name)));
        }
        EventsVerb::RotateSecret { name } => {
            let made = client.order(&[NOUN, &name, "rotate-secret"]).await?;
            screen.answer::<SubscriptionMade>(made, show::events::made)?;
        }
        EventsVerb::Enable { name } => {
            let subscription = client.order(&[NOUN, &name, "enable"]).await?;
            screen.answer::<Subscription>(subscription, show::events::subscription)?;
        }
        EventsVerb::Disable { name } => {
            let subscription = client.order(&[NOUN, &name, "disable"]).await?;
            screen.answer::<Subscription>(subscription, show::events::subscription)?;
        }
        EventsVerb::Remove { name } => {
            client.delete(&[NOUN, &name]).await?;
            screen.hint(&format!("the subscription {} is gone, and its secret with it", show::inert(&name)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
