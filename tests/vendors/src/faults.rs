//! Failures on demand: which requests go wrong, and how.
//!
//! A rule counts the requests it matches; when its count comes up, its fault happens. Counting makes every run fail in
//! the same places, whatever the clock does.

#[cfg(test)]
mod tests;

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this status in the vendor's error shape; the request is not processed.
    Status { status: u16, retry_after_s: Option<u64> },
    /// The request takes effect and is then answered with this status, which an idempotency key will replay.
    StatusAfterProcessing { status: u16 },
    /// The connection closes without a byte of response; the request is not processed.
    CloseBeforeResponse,
    /// The request takes effect, and the connection closes without a byte of response.
    CloseAfterProcessing,
    /// The request is held this long before it is processed. Adds to another fault on the same request.
    Delay { delay_ms: u64 },
    /// The request takes effect, and half of the response's body arrives.
    TruncateBody,
}

impl Fault {
    pub fn status(status: u16) -> Self {
        Self::Status { status, retry_after_s: None }
    }

    /// A 429 that says how long to wait.
    pub fn rate_limited(retry_after_s: u64) -> Self {
        Self::Status { status: 429, retry_after_s: Some(retry_after_s) }
    }

    pub fn delay_ms(delay_ms: u64) -> Self {
        Self::Delay { delay_ms }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::StatusAfterProcessing { .. } => "status_after_processing",
            Self::CloseBeforeResponse => "close_before_response",
            Self::CloseAfterProcessing => "close_after_processing",
            Self::Delay { .. } => "delay",
            Self::TruncateBody => "truncate_body",
        }
    }
}

/// Which requests a fault happens to, counted from the moment the faults were set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    method: Option<String>,
    path_prefix: String,
    first: u64,
    times: u64,
}

impl When {
    /// The `ordinal`th request of all, beginning with 1.
    pub fn request(ordinal: u64) -> Self {
        Self { method: None, path_prefix: String::new(), first: ordinal, times: 1 }
    }

    /// The `nth` request, beginning with 1, of this method whose path begins with `path_prefix`.
    pub fn nth(method: &str, path_prefix: &str, nth: u64) -> Self {
        Self { method: Some(method.to_owned()), path_prefix: path_prefix.to_owned(), first: nth, times: 1 }
    }

    /// Not one request but this many in a row, among those that match.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method) && path.starts_with(&self.path_prefix)
    }

    fn is_due(&self, seen: u64) -> bool {
        seen >= self.first && seen - self.first < self.times
    }
}

/// A list of rules; the empty list is a vendor on a good day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    rules: Vec<(When, Fault)>,
}

impl Faults {
    pub fn none() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn on(mut self, when: When, fault: Fault) -> Self {
        self.rules.push((when, fault));
        self
    }

    /// `n` refusals in a row, as when a quota has been used up.
    #[must_use]
    pub fn rate_limit_burst(self, when: When, n: u64) -> Self {
        self.on(when.times(n), Fault::rate_limited(0))
    }

    /// What the demo's biller does wrong: one 429 that asks for a second, two failures of the server, and one invoice
    /// that is made although its answer never arrives.
    pub fn demo() -> Self {
        Self::none()
            .on(When::nth("POST", "/v1/customers", 3), Fault::rate_limited(1))
            .on(When::nth("POST", "/v1/invoices", 7), Fault::status(500))
            .on(When::nth("POST", "/v1/invoiceitems", 11), Fault::status(503))
            .on(When::nth("POST", "/v1/invoices", 23), Fault::CloseAfterProcessing)
    }

    /// What the demo's CRM does wrong: its second page of deals asks for a second.
    pub fn demo_crm() -> Self {
        Self::none()
            .on(When::nth("GET", "/crm/v3/objects/deals", 2), Fault::rate_limited(1))
            .on(When::nth("POST", "/crm/v3/objects/deals/search", 2), Fault::rate_limited(1))
    }

    pub(crate) fn arm(self) -> Armed {
        Armed { rules: self.rules.into_iter().map(|(when, fault)| (when, fault, 0)).collect() }
    }
}

/// Rules with what each has seen so far.
#[derive(Debug)]
pub(crate) struct Armed {
    rules: Vec<(When, Fault, u64)>,
}

/// What happens to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) delay_ms: u64,
    /// Never a delay.
    pub(crate) fault: Option<Fault>,
}

impl Plan {
    pub(crate) fn name(&self) -> Option<&'static str> {
        match &self.fault {
            Some(fault) => Some(fault.name()),
            None => (self.delay_ms > 0).then_some("delay"),
        }
    }
}

impl Armed {
    /// Counts a request in every rule that matches it. Of several faults due at once the first listed wins.
    pub(crate) fn plan(&mut self, method: &str, path: &str) -> Plan {
        let mut plan = Plan::default();
        for (when, fault, seen) in &mut self.rules {
            if !when.matches(method, path) {
                continue;
            }
            *seen += 1;
            match fault {
                _ if !when.is_due(*seen) => {}
                Fault::Delay { delay_ms } => plan.delay_ms = plan.delay_ms.saturating_add(*delay_ms),
                other if plan.fault.is_none() => plan.fault = Some(other.clone()),
                _ => {}
            }
        }
        plan
    }
}
