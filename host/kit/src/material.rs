//! What a connector can be judged by: its manifest, its examples, and its author's tests.

use domain::schema;
use domain::schema::sample::{Kind, sample};
use lockgate_testing::file::Test;
use lockgate_testing::{Answer, Exchange, Fault, Outcome, Times, Vendor, file};
use serde_json::{Value, json};
use wit::{Action, Manifest, Trigger, TriggerKind};

use crate::profile::CANARY;
use crate::stand::{Case, Ran, Stand, Unready};

/// A connector on its stand, with the tests that its author wrote.
pub(crate) struct Material<'a> {
    pub(crate) stand: &'a Stand,
    pub(crate) tests: &'a [Test],
}

/// Something that can be called, with what it is called with.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// For messages.
    pub(crate) what: String,
    pub(crate) profile: file::Profile,
    pub(crate) call: file::Call,
    /// By which it succeeds; none where no test shows it.
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) is_poll: bool,
}

impl Material<'_> {
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.stand.connector().manifest
    }

    /// The settings that the author uses first, or made-up ones.
    pub(crate) fn profile(&self) -> file::Profile {
        let first =
            self.tests.iter().find(|test| test.profile.scopes.is_none() && test.profile.hosts.is_none());
        first.map(|test| test.profile.clone()).unwrap_or_default()
    }

    /// The tests in which this succeeds.
    pub(crate) fn good<'t>(
        &'t self,
        is_it: impl Fn(&file::Call) -> bool + 't,
    ) -> impl Iterator<Item = &'t Test> {
        self.tests.iter().filter(move |test| {
            let expect = &test.expect;
            let fails = expect.error.is_some() || expect.ends.is_some() || expect.denied.is_some();
            let some_fail = expect.results.iter().flatten().any(|result| result.error.is_some());
            let narrowed = test.profile.scopes.is_some() || test.profile.hosts.is_some();
            !fails && !some_fail && !narrowed && is_it(&test.call)
        })
    }

    pub(crate) fn good_action<'t>(&'t self, action: &'t Action) -> impl Iterator<Item = &'t Test> {
        self.good(move |call| call.action.as_ref() == Some(&action.name))
    }

    pub(crate) fn good_poll<'t>(&'t self, trigger: &'t Trigger) -> impl Iterator<Item = &'t Test> {
        self.good(move |call| call.poll.as_ref() == Some(&trigger.name))
    }

    pub(crate) fn polls(&self) -> impl Iterator<Item = &Trigger> {
        self.manifest().triggers.iter().filter(|trigger| trigger.kind == TriggerKind::Poll)
    }

    /// An input that the action's schema allows: of a test, of an example, or made up.
    pub(crate) fn input(&self, action: &Action) -> Option<Value> {
        let of_test =
            self.good_action(action).next().and_then(|test| test.call.all_inputs().into_iter().next());
        let of_example = || action.examples.first().map(|example| example.input.clone());
        let made = || self.made(action, Kind::Plain);
        of_test.or_else(of_example).or_else(made)
    }

    /// A made-up input of this kind, if one could be made that the schema allows.
    pub(crate) fn made(&self, action: &Action, kind: Kind) -> Option<Value> {
        let made = sample(&action.input, kind);
        schema::check(&action.input, &made).is_ok().then_some(made)
    }

    /// Every action and poll that can be called, and the check.
    pub(crate) fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        for action in &self.manifest().actions {
            let test = self.good_action(action).next();
            let Some(input) = self.input(action) else { continue };
            targets.push(Target {
                what: format!("the action {}", action.name),
                profile: test.map_or_else(|| self.profile(), |test| test.profile.clone()),
                call: call_action(&action.name, vec![input]),
                exchanges: test.map(|test| test.exchanges.clone()).unwrap_or_default(),
                is_poll: false,
            });
        }
        for trigger in self.polls() {
            let test = self.good_poll(trigger).next();
            let call = test.map(|test| test.call.clone());
            targets.push(Target {
                what: format!("the trigger {}", trigger.name),
                profile: test.map_or_else(|| self.profile(), |test| test.profile.clone()),
                call: call.unwrap_or_else(|| call_poll(&trigger.name)),
                exchanges: test.map(|test| test.exchanges.clone()).unwrap_or_default(),
                is_poll: true,
            });
        }
        let test = self.good(|call| call.check).next();
        targets.push(Target {
            what: "the check of a profile".to_owned(),
            profile: test.map_or_else(|| self.profile(), |test| test.profile.clone()),
            call: file::Call { check: true, ..file::Call::default() },
            exchanges: test.map(|test| test.exchanges.clone()).unwrap_or_default(),
            is_poll: false,
        });
        targets
    }

    /// Calls a target against a vendor.
    pub(crate) async fn run(&self, target: &Target, vendor: Vendor) -> Result<Ran, Unready> {
        let case = Case {
            profile: target.profile.clone(),
            call: target.call.clone(),
            vendor,
            now: None,
            fresh: false,
        };
        Box::pin(self.stand.run(case, &target.what)).await
    }
}

impl Target {
    /// The same on other inputs.
    pub(crate) fn on(&self, inputs: Vec<Value>) -> Self {
        let call = file::Call { input: None, inputs: Some(inputs), ..self.call.clone() };
        Self { call, ..self.clone() }
    }
}

pub(crate) fn call_action(action: &str, inputs: Vec<Value>) -> file::Call {
    file::Call { action: Some(action.to_owned()), inputs: Some(inputs), ..file::Call::default() }
}

pub(crate) fn call_poll(trigger: &str) -> file::Call {
    file::Call { poll: Some(trigger.to_owned()), ..file::Call::default() }
}

/// A vendor that says one thing to everybody.
pub(crate) fn always(status: u16, fault: Option<Fault>) -> Vendor {
    let body = if status < 300 {
        json!({})
    } else {
        json!({"error": {"status": status, "message": format!("the vendor says {status}")}})
    };
    Vendor::new(Vec::new()).otherwise(Answer::json(status, &body), fault)
}

/// A vendor that repeats what it must never have seen.
pub(crate) fn echoing() -> Vendor {
    let mut answer =
        Answer::json(400, &json!({"message": format!("no: {CANARY}"), "echo": {"token": CANARY}}));
    answer.headers.push(("x-echo".to_owned(), CANARY.to_owned()));
    Vendor::new(Vec::new()).otherwise(answer, None)
}

/// The same exchanges, as often as they are asked for.
pub(crate) fn unlimited(exchanges: &[Exchange]) -> Vec<Exchange> {
    exchanges.iter().map(|exchange| Exchange { times: Times::Any, ..exchange.clone() }).collect()
}

/// What an outcome was, for messages.
pub(crate) fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ended(ended) => ended.to_string(),
        Outcome::Failed(failed) => format!("{failed} came"),
        Outcome::Results(results) => match results.first() {
            Some(Err(failed)) => format!("{failed} came"),
            Some(Ok(result)) => format!("it returned {}", lockgate_testing::compare::shown(result)),
            None => "it returned nothing".to_owned(),
        },
        Outcome::Page { records, .. } => format!("it returned a page of {} records", records.len()),
        Outcome::Records(records) => format!("it returned {} records", records.len()),
        Outcome::Checked => "it found nothing wrong".to_owned(),
    }
}
