//! One target under libFuzzer, named by the environment; `tests/fuzz/run` says how.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use fuzz::Target;

#[expect(clippy::disallowed_methods, reason = "libFuzzer owns the arguments; this is the one that is left")]
static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let named = |name: &str| std::env::var(name).unwrap_or_default();
    let name = named("LOCKGATE_FUZZ_TARGET");
    let target = fuzz::target(&name);
    assert!(target.is_some(), "LOCKGATE_FUZZ_TARGET is {name:?}, which is no target");
    if let Some(target) = target {
        let corpus = named("LOCKGATE_FUZZ_CORPUS");
        for (n, seed) in (target.made)().iter().enumerate() {
            std::fs::write(Path::new(&corpus).join(format!("made-{n}")), seed).ok();
        }
    }
    target.unwrap_or(&fuzz::TARGETS[0])
});

libfuzzer_sys::fuzz_target!(
    init: {
        LazyLock::force(&TARGET);
    },
    |data: &[u8]| (TARGET.run)(data)
);
