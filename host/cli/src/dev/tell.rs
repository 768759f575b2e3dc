//! What `lockgate dev` says: one line for each thing that happened, or one JSON object for programs.

use serde_json::{Value, json};

use crate::build::{Built, described};
use crate::failure::Failure;
use crate::project::Project;
use crate::screen;

#[derive(Clone, Copy, Debug)]
pub(super) struct Tell {
    pub(super) json: bool,
}

impl Tell {
    fn say(self, event: &str, about: Value, sentence: &str) {
        if self.json {
            let line = json!({ "event": event, "about": about });
            screen::say(&screen::inert_json_line(&line));
        } else {
            screen::say(sentence);
        }
    }

    pub(super) fn host(self, url: &str, token: &str) {
        let sentence = format!(
            "a host in memory serves {url}; in another terminal:\n  export LOCKGATE_URL={url} LOCKGATE_TOKEN={token}"
        );
        self.say("host", json!({ "url": url, "token": token }), &sentence);
    }

    pub(super) fn building(self, project: &Project) {
        self.say("building", json!({ "project": project.name }), &format!("building {}", project.name));
    }

    pub(super) fn built(self, built: &Built) {
        let about = json!({ "component": built.component, "bytes": built.bytes });
        self.say("built", about, &format!("built {}", described(built)));
    }

    /// The profile uses this version now.
    pub(super) fn in_use(self, connector: &str, version: &str, profile: &str) {
        let about = json!({ "connector": connector, "version": version, "profile": profile });
        self.say("in_use", about, &format!("{profile} uses {connector}@{version}"));
    }

    pub(super) fn unchanged(self, connector: &str, version: &str, profile: &str) {
        let about = json!({ "connector": connector, "version": version, "profile": profile });
        self.say(
            "unchanged",
            about,
            &format!("the component is the same; {profile} goes on with {connector}@{version}"),
        );
    }

    pub(super) fn needs_credential(self, profile: &str) {
        let sentence = format!("{profile} has no credential yet: lockgate profiles credential {profile}");
        self.say("needs_credential", json!({ "profile": profile }), &sentence);
    }

    /// The version asks for more than the profile may.
    pub(super) fn asks_more(self, profile: &str, version: &str, diff: &str) {
        let sentence = format!(
            "{profile} stays with its version, since {version} asks for more:\n{diff}\nagree: lockgate profiles consent \
             {profile} {version}; or let `dev` do so with --consent"
        );
        self.say("asks_more", json!({ "profile": profile, "version": version }), &sentence);
    }

    pub(super) fn failed(self, failure: &Failure) {
        let sentence = failure.sentence();
        self.say("failed", json!({ "error": sentence }), &format!("failed: {sentence}"));
    }

    pub(super) fn waiting(self) {
        self.say("waiting", Value::Null, "waiting for a change; Ctrl-C ends this");
    }

    pub(super) fn changed(self) {
        self.say("changed", Value::Null, "\na source has changed");
    }

    pub(super) fn ended(self) {
        self.say("ended", Value::Null, "\nended");
    }
}
