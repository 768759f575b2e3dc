//! `lockgate call`.

use clap::Args;

use crate::local::args::LocalArgs;

const AFTER: &str = "\
The component runs in this process, in the same sandbox and behind the same gates as on a host. It may do all that its
manifest asks for, unless --host or --scope say less. Exits with 1 if an input fails or the call breaks.

Examples:
  lockgate call get_customer --input '{\"id\":\"cus_1\"}' --credential-file key.txt
  lockgate call create_order --input @order.json --input @another.json --exchanges
  lockgate call list_orders --component shop.wasm --config '{\"shop\":\"acme\"}' --scope orders:read
  lockgate call list_orders --config '{\"api_base\":\"http://127.0.0.1:4010\"}' --ceiling mock.json
  lockgate call list_contacts --access-token-file token.txt                       # where its scheme is OAuth 2
  lockgate call create_order --input @order.json --record order.cassette.json     # then: lockgate replay";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct CallArgs {
    /// The action.
    pub(crate) action: String,
    /// An input: JSON, or @FILE. May be repeated for a batch.
    #[arg(long = "input", value_name = "JSON|@FILE")]
    pub(crate) inputs: Vec<String>,
    /// Makes the idempotency keys: the same one gives the same keys.
    #[arg(long, value_name = "TEXT", default_value = "local")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) local: LocalArgs,
}
