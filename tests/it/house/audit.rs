//! What people decide about is written by a `Change`, which leaves an audit entry. The compiler holds that for the rows;
//! this holds it for what only looks like a change of the host's own rows.

/// The files that write rows which need no audit entry, or the entry alone: logs, outcomes, what was only tried.
const WITHOUT_A_CHANGE: &[&str] = &[
    "host/lockgate/src/checks.rs",
    "host/lockgate/src/upkeep.rs",
    "host/lockgate/src/events/deliver.rs",
    "host/lockgate/src/calls.rs",
    "host/lockgate/src/hooks/notes.rs",
    "host/lockgate/src/idempotency.rs",
    "host/lockgate/src/profiles.rs",
    "host/lockgate/src/tenant.rs",
];

#[test]
fn a_verb_commits_a_change_and_not_a_bare_commit() {
    for (name, text) in super::sources() {
        let above_the_store = ["host/lockgate/src/", "host/server/src/", "host/cli/src/"];
        if above_the_store.iter().any(|room| name.starts_with(room)) && text.contains("Commit::new()") {
            assert!(WITHOUT_A_CHANGE.contains(&name.as_str()), "{name} commits without an audit entry");
        }
    }
}
