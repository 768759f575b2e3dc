//! Every target over its seeds and over the same mutants each time: the short, bounded run.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test reads its seeds, and ends at the first surprise"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fuzz::mutate::{Dice, mutant};
use fuzz::{TARGETS, Target};

/// Mutants of one target; judging a component takes a hundred times as long as judging a path.
fn mutants(target: &Target) -> usize {
    if target.name == "admission" { 400 } else { 3_000 }
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target.name);
    let mut kept: Vec<_> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries.map(|entry| entry.expect("a folder can be listed").path()).collect(),
        Err(_) => Vec::new(),
    };
    kept.sort();
    let mut seeds: Vec<_> =
        kept.iter().map(|path| std::fs::read(path).expect("a seed can be read")).collect();
    seeds.extend((target.made)());
    seeds
}

fn holds(target: &Target, bytes: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).is_err() {
        panic!("{} does not hold for {:?}", target.name, String::from_utf8_lossy(bytes));
    }
}

#[test]
fn every_target_holds_for_its_seeds_and_their_mutants() {
    for target in TARGETS {
        let seeds = seeds(target);
        assert!(seeds.len() >= 3, "{} has {} seeds", target.name, seeds.len());
        for seed in &seeds {
            holds(target, seed);
        }
        let mut dice = Dice::new(0x10c6_a7e5);
        for _ in 0..mutants(target) {
            holds(target, &mutant(&seeds, &mut dice));
        }
    }
}

#[test]
fn every_folder_of_seeds_belongs_to_a_target() {
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")).expect("seeds") {
        let name = entry.expect("a folder can be listed").file_name().to_string_lossy().into_owned();
        assert!(fuzz::target(&name).is_some(), "seeds/{name} belongs to no target");
    }
}
