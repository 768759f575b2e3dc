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

#[test]
fn every_guest_written_as_text_is_called_by_a_test() {
    let tests: String = super::sources()
        .into_iter()
        .filter(|(name, _)| name.starts_with("tests/it/hostile/"))
        .map(|(_, text)| text)
        .collect();
    let mut guests = 0;
    for entry in std::fs::read_dir(super::top().join("tests/guests/raw")).expect("tests/guests/raw") {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        // The template of the others.
        if name.starts_with('_') {
            continue;
        }
        guests += 1;
        assert!(tests.contains(&format!("\"{name}\"")), "no test calls the guest {name}");
    }
    assert!(guests >= 50, "found {guests} guests");
}
