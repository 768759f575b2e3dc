//! How much the pipeline does at once and where it stops: every number with its reason.

const DAY_MS: u64 = 86_400_000;

#[derive(Clone, Debug)]
pub struct Options {
    /// Runs that are worked on at the same time.
    pub concurrent_runs: usize,
    /// Of these, how many may belong to one tenant: a busy tenant leaves room for the others.
    pub concurrent_runs_per_tenant: usize,
    /// Batches and pages after which a run gives its place back if another waits for one.
    pub slice_turns: u32,
    /// The same as time. A call that is under way is let finish.
    pub slice_ms: u64,
    /// A wait that is longer than this suspends the run.
    pub suspend_after_ms: u64,
    /// Runs that schedules may start in one tick; the rest comes with the next ones.
    pub starts_per_tick_max: usize,
    /// How often schedules and leases are looked at when nothing else wakes the dispatcher.
    pub tick_ms: u64,
    /// How long a holder may be silent before its run is taken over. It extends its lease three times as often.
    pub lease_ms: u64,
    /// How long a shutdown waits for calls that are on their way. Longer than one call may take.
    pub shutdown_ms: u64,
    /// No further page is read while more records than this wait for delivery.
    pub waiting_max: usize,
    /// Records in one page.
    pub page_records_max: usize,
    /// Pages that one run reads; the next run continues from the cursor.
    pub pages_max: u32,
    /// Calls in a row that may fail to return before the run ends.
    pub faults_in_a_row_max: u32,
    /// Bytes of bodies that are handed to the destination in one call.
    pub batch_bytes_max: usize,
    /// Log entries kept for each tenant.
    pub log_entries_max: usize,
    /// Events that wait in the inbox of one tenant, over all of its flows; more are refused until some have been read.
    pub inbox_events_max: u64,
    /// For so long an event is known again. Longer than any sender goes on trying.
    pub events_remembered_ms: u64,
    /// How long a dead letter is kept that waits for somebody.
    pub letters_kept_ms: u64,
    /// The same of one that was delivered or discarded.
    pub letters_ended_kept_ms: u64,
    /// Runs that are over, kept for each flow.
    pub runs_kept: usize,
    /// How long they are kept at most; the audit trail keeps that they were.
    pub runs_kept_ms: u64,
    /// How long the API remembers what it answered under an idempotency key.
    pub answers_kept_ms: u64,
    /// How often one dead letter may be sent on its way again. Each time it is tried as often as its flow says.
    pub replays_max: u32,
    /// The store belongs to this process alone, so a lease found at the start belongs to a process that is gone.
    /// Saying so wrongly costs repeated deliveries under the same key, never a lost record: the fence still holds.
    pub exclusive: bool,
    /// Whether a profile's retries have a budget, and calls to a remote that is down are held back.
    pub circuits: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrent_runs: 8,
            concurrent_runs_per_tenant: 4,
            slice_turns: 16,
            slice_ms: 1_000,
            suspend_after_ms: 30_000,
            starts_per_tick_max: 500,
            tick_ms: 1_000,
            lease_ms: 15_000,
            shutdown_ms: 35_000,
            waiting_max: 500,
            page_records_max: 1_000,
            pages_max: 100_000,
            faults_in_a_row_max: 8,
            batch_bytes_max: 4 << 20,
            log_entries_max: 50_000,
            inbox_events_max: 10_000,
            events_remembered_ms: 7 * 86_400_000,
            letters_kept_ms: 90 * DAY_MS,
            letters_ended_kept_ms: 30 * DAY_MS,
            runs_kept: 1_000,
            runs_kept_ms: 90 * DAY_MS,
            answers_kept_ms: DAY_MS,
            replays_max: 20,
            exclusive: false,
            circuits: true,
        }
    }
}
