//! Compiled code, shared by all hosts of the test process: each component is compiled once, not once a test.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use lockgate::domain::Artefacts;

#[derive(Default)]
pub(super) struct Compiled(Mutex<HashMap<String, Vec<u8>>>);

impl Compiled {
    pub(super) fn shared() -> Arc<Self> {
        static SHARED: LazyLock<Arc<Compiled>> = LazyLock::new(Arc::default);
        SHARED.clone()
    }
}

impl Artefacts for Compiled {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        self.0.lock().expect("not poisoned").get(key).cloned()
    }

    fn keep(&self, key: &str, artefact: &[u8]) {
        self.0.lock().expect("not poisoned").insert(key.to_owned(), artefact.to_vec());
    }
}
