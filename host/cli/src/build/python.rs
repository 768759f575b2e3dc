//! Python: componentize-py makes the component.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::project::Project;

pub(super) fn build(project: &Project) -> Result<PathBuf, Failure> {
    Err(anyhow::anyhow!("{} is written in Python, which this version cannot build", project.name).into())
}
