//! Builds the misbehaving guests to components.

fn main() {
    guest_build::examples(
        "guests",
        &[
            "ambient",
            "bad_schema",
            "consenting",
            "ferry",
            "hog",
            "loops_in_describe",
            "mailer",
            "no_manifest",
            "prober",
            "receiver",
            "spin",
            "tries_in_describe",
            "unknown_import",
        ],
    );
}
