//! Whole documents: what becomes of each, to the letter where it matters, and that its code is formatted as ours is.
//!
//! `LOCKGATE_OPENAPI_TRIAL=FOLDER` tries all documents of a folder too, and prints what came of them.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests read files, and end at the first surprise"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lockgate_openapi::{NotGenerated, Project, generate};
use lockgate_testing::file::{self, Test};
use serde_json::json;

fn documents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/openapi")
}

fn generated(name: &str, only: &[&str]) -> Project {
    let document = std::fs::read(documents().join(name)).unwrap();
    let only: Vec<String> = only.iter().map(|only| (*only).to_owned()).collect();
    generate("trial", &document, &only).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn notes(project: &Project) -> Vec<String> {
    project.notes.iter().map(|note| format!("{}: {}", note.place, note.what)).collect()
}

fn has(project: &Project, place: &str, what: &str) -> bool {
    project.notes.iter().any(|note| note.place == place && note.what.contains(what))
}

#[test]
fn a_shop_becomes_a_connector() {
    let project = generated("shop.yaml", &[]);
    let manifest = &project.manifest;
    let actions: Vec<&str> = manifest.actions.iter().map(|action| action.name.as_str()).collect();
    assert_eq!(
        actions,
        [
            "list_books",
            "add_book",
            "get_book",
            "patch_books_book_id",
            "remove_book",
            "read_text",
            "write_text",
            "place_order",
            "get_order"
        ]
    );
    assert_eq!(
        (manifest.hosts.as_slice(), manifest.title.as_str()),
        (&["{base_url}".to_owned()][..], "Shop")
    );
    let kinds: Vec<&str> = manifest.auth.iter().map(|scheme| scheme.kind()).collect();
    assert_eq!(kinds, ["api_key", "bearer"]);
    let scopes: Vec<(&str, usize)> =
        manifest.scopes.iter().map(|scope| (scope.name.as_str(), scope.rules.len())).collect();
    assert_eq!(
        scopes,
        [
            ("books:delete", 1),
            ("books:read", 2),
            ("books:write", 2),
            ("files:read", 1),
            ("files:write", 1),
            ("orders:read", 1),
            ("orders:write", 1)
        ]
    );
    let add = &manifest.actions[1];
    assert_eq!(add.idempotency.as_ref().unwrap().header.as_deref(), Some("Idempotency-Key"));
    assert_eq!(add.input["required"], json!(["body"]));
    let body = &add.input["$defs"]["new_book"];
    assert_eq!(body["allOf"][0], json!({"$ref": "#/$defs/book"}));
    assert_eq!(body["allOf"][1]["properties"]["author"]["type"], json!(["string", "null"]));
    assert!(add.input["$defs"]["book"]["properties"].get("id").is_none(), "what is only read is not sent");
    assert!(add.output["$defs"]["book"]["properties"].get("id").is_some());
    assert_eq!(manifest.triggers.len(), 1);
    assert_eq!(manifest.triggers[0].record["properties"]["id"], json!({"type": "string"}));
    let table = &project.files.iter().find(|file| file.path == "src/operations.rs").unwrap().text;
    for line in [
        r#"query("filter").style(Style::Brackets)"#,
        r#"query("fields").style(Style::Commas)"#,
        r#"body: Body::Form(&[("address", Style::Brackets)])"#,
        r#"body: Body::Json("application/merge-patch+json")"#,
        r#"by: By::Cursor { param: "cursor", next: "/next_cursor" }"#,
        r#"size: Some(("limit", 50))"#,
    ] {
        assert!(table.contains(line), "{line}\n{table}");
    }
    assert!(has(&project, "PUT /files/{name}/image", "left out"), "{:?}", notes(&project));
    assert!(has(&project, "/components/securitySchemes/session", "not supported"), "{:?}", notes(&project));
    assert_eq!(project.notes.len(), 2, "{:?}", notes(&project));
}

#[test]
fn a_library_becomes_a_connector_and_says_what_is_missing() {
    let project = generated("library.json", &[]);
    let manifest = &project.manifest;
    assert_eq!(manifest.hosts, ["https://{branch}.library.example", "https://login.library.example"]);
    assert_eq!(manifest.inputs[0].default.as_deref(), Some("main"));
    let scopes: Vec<&str> = manifest.scopes.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(scopes, ["loans.read", "loans.write"]);
    assert_eq!(manifest.scopes[0].rules[0].path, "/v2/compare/{left_right}");
    let wit::AuthScheme::Oauth2(oauth2) = &manifest.auth[0] else { panic!("{:?}", manifest.auth) };
    assert_eq!(oauth2.scopes["loans.write"], ["loans.write"]);
    assert_eq!(oauth2.token_url, "https://login.library.example/token");
    let compare = &manifest.actions[0];
    assert_eq!(compare.name, "get_compare_left_right");
    assert!(compare.input["properties"].get("left_in_query").is_some());
    let create = manifest.actions.iter().find(|action| action.name == "loans_create").unwrap();
    assert_eq!(create.output["anyOf"][1], json!({"type": "null"}));
    assert_eq!(manifest.triggers.len(), 1);
    for (place, what) in [
        ("GET /matrix/{m}", "left out"),
        ("GET /compare/{left}...{right}", "cookie parameter"),
        ("POST /loans", "callbacks"),
        ("/webhooks", "not received"),
        ("/servers", "old.library.example"),
        ("/servers", "\"version\" is always \"v2\""),
        ("/components/securitySchemes/oauth", "password"),
        ("GET /loans", "pattern"),
    ] {
        assert!(has(&project, place, what), "{place} {what} {:?}", notes(&project));
    }
    let readme = &project.files.iter().find(|file| file.path == "README.md").unwrap().text;
    for note in &project.notes {
        assert!(readme.contains(&note.place), "the README says it too: {} in {readme}", note.place);
    }
}

#[test]
fn a_museum_becomes_a_connector_and_says_what_is_missing() {
    let project = generated("museum.yaml", &[]);
    let manifest = &project.manifest;
    let triggers: Vec<&str> = manifest.triggers.iter().map(|trigger| trigger.name.as_str()).collect();
    assert_eq!(triggers, ["list_exhibits", "get_guides", "list_tickets"]);
    let table = &project.files.iter().find(|file| file.path == "src/operations.rs").unwrap().text;
    for line in [
        r#"by: By::Cursor { param: "cursor", next: "/paging/next_cursor" }"#,
        r#"items: "/exhibits""#,
        r#"by: By::LinkHeader"#,
        r#"by: By::Offset { param: "offset" }"#,
        r#"query("rooms").style(Style::Commas)"#,
        r#"query("languages").style(Style::Pipes)"#,
        r#"header("X-Language")"#,
        r#"idempotency: Some("Idempotency-Key")"#,
    ] {
        assert!(table.contains(line), "{line}\n{table}");
    }
    let add = manifest.actions.iter().find(|action| action.name == "add_exhibit").unwrap();
    assert_eq!(add.input["properties"]["body"]["oneOf"].as_array().map(Vec::len), Some(2));
    for (place, what) in [
        ("PUT /exhibits/{exhibitId}/photo", "it is left out: its body is sent as multipart/form-data"),
        ("GET /exhibits/{exhibitId}/photo", "its answer, image/jpeg, is not handed on"),
        ("GET /exhibits", "the cookie parameter \"visitor\" is not sent"),
    ] {
        assert!(has(&project, place, what), "{place} {what} {:?}", notes(&project));
    }
    assert_eq!(project.notes.len(), 3, "{:?}", notes(&project));
}

fn tests_of(project: &Project) -> Vec<Test> {
    let files = project.files.iter().filter(|file| file.path.starts_with("tests/"));
    files
        .flat_map(|file| file::parse(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path)))
        .collect()
}

#[test]
fn every_action_and_trigger_comes_with_its_tests() {
    for name in ["shop.yaml", "library.json", "museum.yaml"] {
        let project = generated(name, &[]);
        let tests = tests_of(&project);
        for action in &project.manifest.actions {
            let of_it = tests.iter().filter(|test| test.call.action.as_deref() == Some(&action.name));
            let (bad, good): (Vec<_>, Vec<_>) = of_it.partition(|test| test.expect.error.is_some());
            assert!(!good.is_empty() && bad.len() == 1, "{name} {}", action.name);
        }
        for trigger in &project.manifest.triggers {
            let of_it = |test: &&Test| test.call.poll.as_deref() == Some(&trigger.name);
            assert_eq!(tests.iter().filter(of_it).count(), 1, "{name} {}", trigger.name);
        }
    }
}

#[test]
fn more_operations_than_actions_are_a_choice_and_not_a_lottery() {
    let operation = |tag: &str| json!({"tags": [tag], "responses": {"200": {"description": "ok"}}});
    let paths: serde_json::Map<String, serde_json::Value> = (0..300)
        .map(|n| (format!("/p{n}"), json!({"get": operation(if n < 40 { "few" } else { "many" })})))
        .collect();
    let document = json!({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "servers": [{"url": "https://api.example.com"}], "paths": paths});
    let document = document.to_string().into_bytes();
    let error = generate("trial", &document, &[]).unwrap_err();
    assert!(error.to_string().contains("--only 'many'  (260)"), "{error}");
    let few = generate("trial", &document, &["few".to_owned()]).unwrap();
    assert_eq!(few.manifest.actions.len(), 40);
    let begin = generate("trial", &document, &["/p1*".to_owned()]).unwrap();
    assert_eq!(begin.manifest.actions.len(), 111);
}

#[test]
fn only_what_is_asked_for_becomes_an_action() {
    for (only, actions) in [
        (vec!["orders"], vec!["place_order", "get_order"]),
        (vec!["getBook", "DELETE /books/{bookId}"], vec!["get_book", "remove_book"]),
        (vec!["/files/{name}/text"], vec!["read_text", "write_text"]),
    ] {
        let project = generated("shop.yaml", &only);
        let found: Vec<&str> = project.manifest.actions.iter().map(|action| action.name.as_str()).collect();
        assert_eq!(found, actions, "{only:?}");
    }
    let document = std::fs::read(documents().join("shop.yaml")).unwrap();
    let none = generate("trial", &document, &["nothing".to_owned()]).unwrap_err();
    assert!(none.to_string().contains("--only"), "{none}");
}

#[test]
fn the_same_document_gives_the_same_files() {
    let (one, other) = (generated("shop.yaml", &[]), generated("shop.yaml", &[]));
    assert_eq!(one.files, other.files);
}

#[test]
fn generated_code_is_formatted_as_its_own_settings_say() {
    for name in ["shop.yaml", "library.json", "museum.yaml"] {
        formatted(name, &generated(name, &[]));
    }
}

fn formatted(name: &str, project: &Project) {
    let folder = tempfile::tempdir().unwrap();
    for file in &project.files {
        let path = folder.path().join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.text).unwrap();
    }
    let rustfmt = Command::new("rustfmt")
        .args(["--check", "--edition", "2024", "src/lib.rs"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("rustfmt is part of the toolchain");
    assert!(rustfmt.status.success(), "{name}\n{}", String::from_utf8_lossy(&rustfmt.stdout));
}

/// Of a document with more operations than a connector has actions: as many of its choices as there is room for.
fn some_of(name: &str, document: &[u8]) -> Result<(Project, String), NotGenerated> {
    match generate("trial", document, &[]) {
        Err(NotGenerated::TooMany { choices, found, .. }) => {
            let mut room = 200;
            let mut only = Vec::new();
            for (choice, count) in choices {
                if count <= room {
                    room -= count;
                    only.push(choice);
                }
            }
            let told = format!("{} choices of {found} operations", only.len());
            generate("trial", document, &only).map(|project| (project, told))
        }
        made => made.map(|project| (project, format!("all of {name}"))),
    }
}

#[test]
fn documents_of_vendors_that_somebody_has_here_become_connectors_too() {
    let Ok(folder) = std::env::var("LOCKGATE_OPENAPI_TRIAL") else { return };
    let wanted = std::env::var("LOCKGATE_OPENAPI_TRIAL_ONLY").unwrap_or_default();
    let mut refused = 0;
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.contains(&wanted) {
            continue;
        }
        let began = std::time::Instant::now();
        match some_of(&name, &std::fs::read(&path).unwrap()) {
            Ok((project, told)) => {
                let took_ms = began.elapsed().as_millis();
                let manifest = &project.manifest;
                let bytes = serde_json::to_string(manifest).unwrap().len();
                let left_out = project.notes.iter().filter(|note| note.what.starts_with("it is left out"));
                let shorter = project.notes.iter().filter(|note| note.what.contains("no room"));
                eprintln!(
                    "{name}: {told}: {} actions, {} triggers, {} left out, {} schemas shorter, {} scopes, {} hosts, auth {:?}, {} KiB manifest, {} tests, {} notes, {took_ms} ms",
                    manifest.actions.len(),
                    manifest.triggers.len(),
                    left_out.count(),
                    shorter.count(),
                    manifest.scopes.len(),
                    manifest.hosts.len(),
                    manifest.auth.iter().map(|scheme| scheme.kind()).collect::<Vec<_>>(),
                    bytes >> 10,
                    tests_of(&project).len(),
                    project.notes.len(),
                );
                let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
                project.notes.iter().for_each(|note| *kinds.entry(&note.what).or_default() += 1);
                let mut kinds: Vec<_> = kinds.into_iter().collect();
                kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
                kinds.iter().take(8).for_each(|(what, count)| eprintln!("    {count}: {what}"));
                formatted(&name, &project);
            }
            Err(error) => {
                refused += 1;
                eprintln!("{name}: {error}");
            }
        }
    }
    eprintln!("{refused} refused");
}
