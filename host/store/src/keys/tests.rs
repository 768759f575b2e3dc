//! Keys sort as what they stand for, and no name reaches into another.

use super::*;

#[test]
fn a_prefix_matches_whole_names_only() {
    let short: TenantId = "a".parse().unwrap();
    let long: TenantId = "a-b".parse().unwrap();
    let name: ProfileName = "p".parse().unwrap();
    assert!(profiles(&short).rest(profile(&short, &name).bytes()).is_some());
    assert!(profiles(&short).rest(profile(&long, &name).bytes()).is_none());
}

#[test]
fn numbers_sort_as_numbers() {
    let tenant: TenantId = "t".parse().unwrap();
    let flow: FlowName = "f".parse().unwrap();
    assert!(parcel(&tenant, &flow, 9) < parcel(&tenant, &flow, 10));
    assert!(parcel(&tenant, &flow, 255) < parcel(&tenant, &flow, u64::MAX));
}

#[test]
fn a_shown_key_names_table_and_row_without_control_characters() {
    let tenant: TenantId = "t".parse().unwrap();
    let flow: FlowName = "f".parse().unwrap();
    let shown = shown(parcel(&tenant, &flow, 1).bytes());
    assert_eq!((shown.table.as_str(), shown.key.as_str()), ("outbox", "t/f/0000000000000001"));
}

#[test]
fn no_tenant_can_take_the_place_of_the_system() {
    assert!(SYSTEM.parse::<TenantId>().is_err());
}
