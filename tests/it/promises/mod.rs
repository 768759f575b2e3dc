//! The promises of the design, a file each. A test here fails when its promise is broken.

mod a_refusal_is_a_value;
mod accepted_means_durable;
mod deterministic_inside;
mod every_failure_leaves_a_row;
mod fresh_memory;
mod judged_before_promoted;
mod nothing_ambient;
mod scopes_bind_at_the_wire;
mod secrets_stay_in_the_host;
mod tenant_logic_in_the_sandbox;
mod two_keys;
