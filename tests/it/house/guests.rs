//! Every guest fixture has a host test.

#[test]
fn every_guest_that_misbehaves_is_called_by_a_test() {
    let top = super::top();
    let tests: String = super::sources()
        .into_iter()
        .filter(|(name, _)| name.starts_with("tests/it/"))
        .map(|(_, text)| text)
        .collect();
    let mut guests = 0;
    for entry in std::fs::read_dir(top.join("tests/guests/examples")).expect("tests/guests/examples") {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_stem().expect("a name").to_string_lossy().to_uppercase().replace('-', "_");
        guests += 1;
        assert!(tests.contains(&format!("guests::{name}")), "no test calls the guest {name}");
    }
    assert!(guests >= 5, "found {guests} guests");
}
