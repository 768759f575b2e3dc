//! Compiled code is kept, and used again only as it was kept.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::Digest;

use super::guest::Guest;
use super::rooms::{Shelf, call, runtime_with};
use crate::{Kind, RuntimeError, Upload};

#[tokio::test]
async fn what_was_compiled_once_is_loaded_by_the_next_process() {
    let shelf: Arc<Shelf> = Arc::default();
    let bytes = Guest::default().component();
    let digest = Digest::of(&bytes);
    let admitted =
        runtime_with(Arc::clone(&shelf)).admit(Upload::new(bytes, 1 << 20).unwrap()).await.unwrap();
    assert!(!admitted.report.cached);
    assert_eq!(shelf.kept.lock().unwrap().len(), 1);

    let next = runtime_with(Arc::clone(&shelf));
    let never = async { panic!("the bytes are not needed") };
    let linked = next.link(&digest, Kind::Connector, never).await.unwrap();
    assert_eq!(linked.check(&call()).await.outcome, Ok(Ok(())));
    let again = next.link(&digest, Kind::Connector, async { None }).await;
    assert!(again.is_ok());
    assert_eq!(shelf.loaded.load(Ordering::Relaxed), 1, "the second link came from memory");
}

#[tokio::test]
async fn an_artefact_that_is_gone_or_no_artefact_is_made_again() {
    let shelf: Arc<Shelf> = Arc::default();
    let bytes = Guest::default().component();
    let digest = Digest::of(&bytes);
    let link = async |bytes: Vec<u8>| {
        runtime_with(Arc::clone(&shelf)).link(&digest, Kind::Connector, async { Some(bytes) }).await
    };
    link(bytes.clone()).await.unwrap();
    let key = shelf.kept.lock().unwrap().keys().next().unwrap().clone();
    assert!(key.starts_with(digest.as_str()));

    shelf.kept.lock().unwrap().clear();
    link(bytes.clone()).await.unwrap();
    assert_eq!(shelf.kept.lock().unwrap().len(), 1);

    shelf.kept.lock().unwrap().insert(key.clone(), b"something else".to_vec());
    link(bytes).await.unwrap();
    assert_ne!(shelf.kept.lock().unwrap()[&key], b"something else");
}

#[tokio::test]
async fn bytes_that_are_not_those_of_the_digest_are_refused() {
    let runtime = runtime_with(Arc::default());
    let digest = Digest::of(b"something else");
    let bytes = Guest::default().component();
    let changed = runtime.link(&digest, Kind::Connector, async { Some(bytes) }).await;
    assert!(matches!(changed, Err(RuntimeError::BytesChanged(_))));
    let missing = runtime.link(&digest, Kind::Connector, async { None }).await;
    assert!(matches!(missing, Err(RuntimeError::BytesMissing(_))));
}
