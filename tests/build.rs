//! Builds the misbehaving guests, and the Rust one of three connectors that do the same job, to components.

fn main() {
    guest_build::components(&["desk"]);
    guest_build::examples(
        "guests",
        &[
            "ambient",
            "bad_schema",
            "boaster",
            "careless",
            "consenting",
            "contract_0_1_0",
            "ferry",
            "hog",
            "loops_in_describe",
            "mailer",
            "no_manifest",
            "prober",
            "proving",
            "receiver",
            "spin",
            "standard_client",
            "taped",
            "taped_later",
            "tries_in_describe",
            "vouched",
        ],
    );
}
