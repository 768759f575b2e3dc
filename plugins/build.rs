//! Builds the shipped connectors to components.

fn main() {
    guest_build::components(&["crm", "stripe", "jq"]);
}
