//! Validates a counted component against the features that the engine has, and names a feature that it lacks.

use wasmparser::{Validator, WasmFeatures};

use crate::census::invalid;
use crate::engine::FEATURES;
use crate::refused::Refused;

/// Names for people, in the order in which they are reported.
const NAMES: [(WasmFeatures, &str); 22] = [
    (WasmFeatures::CM_ASYNC, "component-model async"),
    (WasmFeatures::CM_ASYNC_STACKFUL, "component-model async, stackful"),
    (WasmFeatures::CM_MORE_ASYNC_BUILTINS, "component-model async built-ins"),
    (WasmFeatures::CM_THREADING, "component-model threading"),
    (WasmFeatures::CM_ERROR_CONTEXT, "component-model error-context"),
    (WasmFeatures::CM_GC, "component-model gc"),
    (WasmFeatures::CM_VALUES, "component-model values"),
    (WasmFeatures::CM_MAP, "component-model maps"),
    (WasmFeatures::CM64, "component-model memory64"),
    (WasmFeatures::CM_FIXED_LENGTH_LISTS, "component-model fixed-length lists"),
    (WasmFeatures::CM_IMPLEMENTS, "component-model implements"),
    (WasmFeatures::EXCEPTIONS, "exceptions"),
    (WasmFeatures::LEGACY_EXCEPTIONS, "legacy exceptions"),
    (WasmFeatures::SHARED_EVERYTHING_THREADS, "shared-everything threads"),
    (WasmFeatures::THREADS, "threads"),
    (WasmFeatures::MEMORY64, "memory64"),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes"),
    (WasmFeatures::RELAXED_SIMD, "relaxed simd"),
    (WasmFeatures::FUNCTION_REFERENCES, "function references"),
    (WasmFeatures::GC, "gc"),
    (WasmFeatures::GC_TYPES, "gc types"),
];

/// Validates `bytes`. A component that would be valid with another feature is refused by that feature's name.
pub(crate) fn validate(bytes: &[u8]) -> Result<(), Refused> {
    let Err(error) = Validator::new_with_features(FEATURES).validate_all(bytes) else {
        return Ok(());
    };
    let missing = error.missing_wasm_feature().or_else(|| needed(bytes));
    match missing {
        Some(feature) => Err(Refused::FeatureDisabled { feature: name(feature) }),
        None => Err(invalid(error)),
    }
}

/// The validator does not always say that a feature is missing. If the component is valid with all of them, the first
/// one without which it is not valid is the one that it needs.
fn needed(bytes: &[u8]) -> Option<WasmFeatures> {
    let valid = |features| Validator::new_with_features(features).validate_all(bytes).is_ok();
    if !valid(WasmFeatures::all()) {
        return None;
    }
    NAMES
        .into_iter()
        .map(|(feature, _)| feature)
        .find(|feature| !valid(WasmFeatures::all().difference(*feature)))
}

fn name(feature: WasmFeatures) -> String {
    match NAMES.into_iter().find(|(known, _)| feature.contains(*known)) {
        Some((_, name)) => name.to_owned(),
        None => format!("{feature:?}").to_lowercase(),
    }
}
