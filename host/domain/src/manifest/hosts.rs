//! The hosts that a manifest asks for, and the inputs that fill them.

use wit::Manifest;

use super::problems::Problems;
use crate::egress::HostTemplate;

const HOSTS_MAX: usize = 64;
const INPUTS_MAX: usize = 32;

pub(super) fn check(problems: &mut Problems, manifest: &Manifest) {
    if problems.at_most("/inputs", manifest.inputs.len(), INPUTS_MAX) {
        inputs(problems, manifest);
    }
    if !problems.at_most("/hosts", manifest.hosts.len(), HOSTS_MAX) {
        return;
    }
    for (i, host) in manifest.hosts.iter().enumerate() {
        let place = format!("/hosts/{i}");
        if let Err(error) = HostTemplate::parse(host, &manifest.inputs) {
            problems.add(&place, error);
        }
        if manifest.hosts.iter().take(i).any(|earlier| earlier == host) {
            problems.add(&place, "the host is given twice; give it once");
        }
    }
}

fn inputs(problems: &mut Problems, manifest: &Manifest) {
    for (i, input) in manifest.inputs.iter().enumerate() {
        let place = format!("/inputs/{i}/name");
        if !super::is_name(&input.name) {
            problems.add(
                &place,
                "a name has lower-case letters, digits and `_`, begins with a letter, and at most 63",
            );
        }
        if manifest.inputs.iter().take(i).any(|earlier| earlier.name == input.name) {
            problems.add(&place, "the name is given twice; give it once");
        }
        if let Some(value) = &input.default
            && let Err(error) = HostTemplate::accepts(input, value)
        {
            problems.add(&format!("/inputs/{i}/default"), error);
        }
    }
}
