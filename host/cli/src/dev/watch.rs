//! Notices that a source of a project changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::project::{Project, is_made};

/// Editors write a file in several steps, and a checkout writes many.
const QUIET: Duration = Duration::from_millis(150);
/// Where the system tells of nothing, as some shared folders do, the files are looked at this often.
const LOOK_ANYWAY: Duration = Duration::from_secs(2);

pub(super) struct Watch {
    watcher: RecommendedWatcher,
    events: mpsc::UnboundedReceiver<()>,
}

impl Watch {
    pub(super) fn new(project: &Project) -> Result<Self, Failure> {
        let (sender, events) = mpsc::unbounded_channel();
        let folder = project.folder.clone();
        let told = move |event: notify::Result<notify::Event>| {
            let is_source = event.is_ok_and(|event| {
                event.need_rescan() || event.paths.iter().any(|path| is_source(&folder, path))
            });
            if is_source {
                // Whoever listened has gone: nothing is left to be told.
                let _ = sender.send(());
            }
        };
        let watcher = notify::recommended_watcher(told).context("watching the project")?;
        let mut watch = Self { watcher, events };
        watch.look_around(project);
        Ok(watch)
    }

    /// Done a moment after something was changed, or when it is time to look anyway.
    pub(super) async fn next(&mut self, project: &Project) -> Result<(), Failure> {
        let told = tokio::time::timeout(LOOK_ANYWAY, self.events.recv()).await;
        if let Ok(None) = told {
            return Err(anyhow::anyhow!("the watch of the project has ended").into());
        }
        if told.is_ok() {
            while let Ok(Some(())) = tokio::time::timeout(QUIET, self.events.recv()).await {}
        }
        self.look_around(project);
        Ok(())
    }

    /// The folder itself, and each folder of sources in it; what tools make would bring thousands of events. A folder that
    /// cannot be watched is looked at now and then all the same.
    fn look_around(&mut self, project: &Project) {
        let _ = self.watcher.watch(&project.folder, RecursiveMode::NonRecursive);
        for folder in source_folders(&project.folder) {
            let _ = self.watcher.watch(&folder, RecursiveMode::Recursive);
        }
    }
}

fn source_folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let sources = entries.filter(|entry| is_folder(entry) && is_source(folder, &entry.path()));
    sources.map(|entry| entry.path()).collect()
}

fn is_source(folder: &Path, path: &Path) -> bool {
    let Ok(within) = path.strip_prefix(folder) else { return false };
    !within.components().enumerate().any(|(depth, part)| is_made(&part.as_os_str().to_string_lossy(), depth))
}
