//! Runs the tests of a file: calls, and says in what the call was another one than expected.

use domain::Timestamp;
use domain::exchange::ExchangeOutcome;
use domain::schema;
use lockgate_testing::file::Test;

use crate::report::Verdict;
use crate::stand::{Case, Ran, Stand, Unready};

/// Requests that are shown beside a failure.
const SHOWN_MAX: usize = 5;

/// Runs tests one after the other; each has a profile of its own.
pub async fn tests(stand: &Stand, tests: &[Test]) -> Vec<Verdict> {
    let mut verdicts = Vec::with_capacity(tests.len());
    for test in tests {
        let messages = match Box::pin(stand.test(test)).await {
            Ok(messages) => messages,
            Err(unready) => vec![format!("it could not be called: {unready}")],
        };
        verdicts.push(Verdict::of(&test.name, messages));
    }
    verdicts
}

impl Stand {
    /// Everything in which the call differs from the test. Empty: it passed.
    pub async fn test(&self, test: &Test) -> Result<Vec<String>, Unready> {
        let mut messages = Vec::new();
        if let Some(refused) = self.refused_input(test) {
            messages.push(refused);
            return Ok(messages);
        }
        let ran = self.run(case_of(test)?, &format!("the test {:?}", test.name)).await?;
        if test.expect.ends.is_some() || test.expect.denied.is_some() {
            self.on_purpose();
        }
        messages.extend(test.expect.differences(&ran.outcome));
        messages.extend(ran.problems.iter().map(ToString::to_string));
        messages.extend(denials(test, &ran));
        for text in &test.expect.logs {
            if !ran.log.iter().any(|line| line.message.contains(text)) {
                messages.push(format!("the connector logged nothing with {text:?} in it"));
            }
        }
        if !messages.is_empty() {
            messages.extend(ran.exchanges.iter().take(SHOWN_MAX).map(|row| format!("sent: {}", sent(row))));
            let lines = ran.log.iter().take(SHOWN_MAX);
            messages.extend(lines.map(|line| format!("logged: {}", line.message)));
        }
        Ok(messages)
    }

    /// A host refuses such an input before the connector sees it.
    fn refused_input(&self, test: &Test) -> Option<String> {
        let name = test.call.action.as_ref()?;
        let action = self.connector.manifest.actions.iter().find(|action| action.name == *name);
        let Some(action) = action else {
            let known: Vec<&str> =
                self.connector.manifest.actions.iter().map(|action| action.name.as_str()).collect();
            return Some(format!("the connector has no action {name:?}; it has {}", known.join(", ")));
        };
        let inputs = test.call.all_inputs();
        let broken = inputs.iter().enumerate().find_map(|(at, input)| {
            let problems = schema::check(&action.input, input).err()?;
            Some((at, problems))
        });
        let (at, problems) = broken?;
        Some(format!(
            "input {at} breaks the schema of {name}, so no host would hand it over: {}",
            problems.join("; ")
        ))
    }
}

/// The call that a test describes.
pub(crate) fn case_of(test: &Test) -> Result<Case, Unready> {
    let now = match &test.now {
        None => None,
        Some(text) => {
            Some(Timestamp::try_from(text.clone()).map_err(|error| Unready(format!("`now`: {error}")))?)
        }
    };
    Ok(Case {
        profile: test.profile.clone(),
        call: test.call.clone(),
        vendor: test.vendor(),
        now,
        fresh: true,
    })
}

/// Requests that a gate refused: none may be, but for those of the gate that the test names.
fn denials(test: &Test, ran: &Ran) -> Vec<String> {
    let wanted = test.expect.denied.as_deref();
    let denied = ran.exchanges.iter().filter_map(|row| match &row.outcome {
        ExchangeOutcome::Denied { denial } => Some((row, denial)),
        _ => None,
    });
    let denied: Vec<_> = denied.collect();
    let met = denied.iter().any(|(_, denial)| Some(denial.gate.as_str()) == wanted);
    let others = denied.iter().filter(|(_, denial)| Some(denial.gate.as_str()) != wanted);
    let mut messages: Vec<String> =
        others.map(|(row, denial)| format!("{} was {denial}", row.request_line())).collect();
    if let Some(gate) = wanted.filter(|_| !met) {
        messages.push(format!("no request was refused at the gate {gate}"));
    }
    messages
}

/// A row for people.
pub(crate) fn sent(row: &domain::exchange::Exchange) -> String {
    let outcome = match &row.outcome {
        ExchangeOutcome::Answered { status, .. } => status.to_string(),
        ExchangeOutcome::Failed { failure } => failure.message.clone(),
        ExchangeOutcome::Denied { denial } => denial.to_string(),
    };
    format!("{} -> {outcome}", row.request_line())
}
