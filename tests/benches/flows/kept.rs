//! What the native programs keep: lines in one file, each on the disk before its writer goes on. Lines that wait at the
//! same time share one sync.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot};

/// Without a file, nothing is kept and nobody waits.
pub struct Kept(Option<mpsc::Sender<Line>>);

/// With whom to tell when it is kept.
type Line = (Vec<u8>, oneshot::Sender<()>);

impl Kept {
    pub fn new(path: Option<PathBuf>) -> Self {
        let Some(path) = path else { return Self(None) };
        let mut file = File::create(path).unwrap();
        let (send, mut lines) = mpsc::channel::<Line>(1_024);
        std::thread::spawn(move || {
            while let Some(first) = lines.blocking_recv() {
                let mut group = vec![first];
                while let Ok(next) = lines.try_recv() {
                    group.push(next);
                }
                let text: Vec<u8> =
                    group.iter().flat_map(|(line, _)| line.iter().chain(b"\n")).copied().collect();
                file.write_all(&text).unwrap();
                file.sync_data().unwrap();
                // Whoever has gone needs no answer.
                for (_, told) in group {
                    let _ = told.send(());
                }
            }
        });
        Self(Some(send))
    }

    pub async fn keep(&self, line: impl Into<Vec<u8>>) {
        if let Some(lines) = &self.0 {
            let (told, kept) = oneshot::channel();
            lines.send((line.into(), told)).await.unwrap();
            kept.await.unwrap();
        }
    }
}
