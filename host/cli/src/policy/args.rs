//! `lockgate policy`.

use clap::{Args, Subcommand};

use crate::args::Remote;

const AFTER: &str = "\
`explain` asks every gate about one request, as a connector would send it: what lets it pass, or the line that would.
The name is looked up; nothing is sent. It exits with 0 if the request is allowed and with 7 if it is denied.

`observe` takes down, for a while, what a profile's connector tries; it lets nothing through that the grant does not.
`propose` says what follows: the least grant that covers it, what is granted for nothing, what no scope covers.

Examples:
  lockgate policy explain POST https://api.stripe.com/v1/invoices --profile stripe-main
  lockgate policy explain GET https://api.stripe.com/v1/invoices --profile stripe-main --header 'Accept: text/csv'
  lockgate policy observe stripe-main --for 1h
  lockgate policy propose stripe-main
  lockgate policy observe stripe-main --stop";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    pub(crate) verb: PolicyVerb,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyVerb {
    /// What each gate says of one request, and the line that would change it. Exits with 7 if it is denied.
    Explain(ExplainArgs),
    /// Take down what a profile's connector tries, for a while.
    Observe(ObserveArgs),
    /// The least policy that covers what was tried.
    Propose {
        /// The profile.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The method, in upper case.
    pub(crate) method: String,
    /// The whole URL of the request.
    #[arg(value_name = "REQUEST_URL")]
    pub(crate) request_url: String,
    /// The profile whose policy judges.
    #[arg(long)]
    pub(crate) profile: String,
    /// A header that the connector would set. May be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct ObserveArgs {
    /// The profile.
    pub(crate) name: String,
    /// For so long from now: 90s, 30m, 1h or 7d, at most 31d.
    #[arg(long = "for", value_name = "TIME", value_parser = time_ms, default_value = "1h")]
    pub(crate) for_ms: u64,
    /// End it now. What it has seen stays until the next one begins.
    #[arg(long, conflicts_with = "for_ms")]
    pub(crate) stop: bool,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as in `Accept: text/csv`")?;
    Ok((name.to_owned(), value.trim_start().to_owned()))
}

pub(crate) fn time_ms(text: &str) -> Result<u64, String> {
    const DAY_MS: u64 = 24 * 3_600 * 1_000;
    let units = [("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", DAY_MS)];
    let ms =
        units.iter().find_map(|(unit, ms)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*ms));
    match ms {
        Some(ms) if (1..=31 * DAY_MS).contains(&ms) => Ok(ms),
        _ => Err("write it as in 90s, 30m, 1h or 7d, at most 31d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_an_end() {
        for (text, ms) in [("90s", 90_000), ("30m", 1_800_000), ("1h", 3_600_000), ("31d", 2_678_400_000)] {
            assert_eq!(time_ms(text), Ok(ms), "{text}");
        }
        for text in ["", "1", "h", "0s", "32d", "1.5h", "-1h", "99999999999999999999d", "1 h"] {
            assert!(time_ms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_header_is_a_name_and_a_value() {
        assert_eq!(header("Accept: a:b"), Ok(("Accept".to_owned(), "a:b".to_owned())));
        assert!(header("Accept").is_err());
    }
}
