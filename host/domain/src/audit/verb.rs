//! The words for what can happen. Programs and rules of alerting match them: a word never changes its meaning.

use std::fmt;

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What happened, in words that stay.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb {
            $($(#[$doc])* $name),+
        }

        impl Verb {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word),+
                }
            }
        }
    };
}

verbs! {
    ConnectorUploaded = "connector.uploaded",
    /// A component was read and not admitted.
    ConnectorRefused = "connector.refused",
    /// Whose signature an upload needs.
    SignersSet = "signers.set",
    /// One version of it.
    ConnectorRemoved = "connector.removed",
    ProfileCreated = "profile.created",
    ProfileGranted = "profile.granted",
    ProfileRevoked = "profile.revoked",
    /// It uses another version of its connector, which asks for no more.
    ProfileUpgraded = "profile.upgraded",
    /// It uses another version of its connector, and somebody agreed to what that asks for.
    ProfileConsented = "profile.consented",
    /// A share of its work tries another version of its connector.
    CanaryStarted = "profile.canary_started",
    /// Somebody ended the trial; it goes on with the version in use.
    CanaryStopped = "profile.canary_stopped",
    /// The version that was tried is the one in use from now on.
    CanaryPromoted = "profile.canary_promoted",
    /// The host gave up the version that was tried, because it failed more often.
    CanaryRolledBack = "profile.canary_rolled_back",
    ProfileEnabled = "profile.enabled",
    ProfileDisabled = "profile.disabled",
    /// What the log keeps of its requests, or what is sent beside them.
    ProfileTracingSet = "profile.tracing_set",
    /// With its secrets.
    ProfileRemoved = "profile.removed",
    /// A person had its target and credential verified.
    ProfileChecked = "profile.checked",
    /// What its connector tries is taken down from now on.
    ProfileObserved = "profile.observed",
    ProfileObservationEnded = "profile.observation_ended",
    /// Cassettes of its calls are kept from now on.
    ProfileRecorded = "profile.recorded",
    ProfileRecordingEnded = "profile.recording_ended",
    /// A cassette of one of its calls was given out.
    CassetteExported = "profile.cassette_exported",
    /// Cassettes of its calls were played to another version of its connector.
    ProfileJudged = "profile.judged",
    /// Somebody has seen to what came otherwise than declared.
    DriftCleared = "profile.drift_cleared",
    /// The first one.
    CredentialSet = "credential.set",
    /// Somebody asked for a link to the provider's consent.
    CredentialConnecting = "credential.connecting",
    /// The provider consented, and its tokens are stored.
    CredentialConnected = "credential.connected",
    /// The host got a new token with what it holds.
    CredentialRefreshed = "credential.refreshed",
    /// The provider said no for good.
    CredentialRefused = "credential.refused",
    /// The tokens were given back and destroyed.
    CredentialDisconnected = "credential.disconnected",
    /// Another one in its place; the old one is destroyed.
    CredentialRotated = "credential.rotated",
    SecretSet = "secret.set",
    /// A person ran one action, outside any flow.
    ActionCalled = "action.called",
    FlowCreated = "flow.created",
    /// Its mapping was run on nothing and failed.
    FlowRefused = "flow.refused",
    FlowEnabled = "flow.enabled",
    FlowDisabled = "flow.disabled",
    /// It has another definition, which the runs that begin from now on follow.
    FlowUpdated = "flow.updated",
    /// It goes on with the record at which it had stopped.
    FlowResumed = "flow.resumed",
    FlowRemoved = "flow.removed",
    HookCreated = "hook.created",
    HookEnabled = "hook.enabled",
    HookDisabled = "hook.disabled",
    /// A new secret; the one before stays good for a while.
    HookRotated = "hook.rotated",
    /// The secret before is no longer good.
    HookRetired = "hook.retired",
    /// A person had a signed sample sent through it.
    HookTested = "hook.tested",
    /// With its secrets.
    HookRemoved = "hook.removed",
    RunStarted = "run.started",
    RunEnded = "run.ended",
    /// Somebody asked for its end.
    RunCancelled = "run.cancelled",
    DeadLetterReplayed = "dead_letter.replayed",
    SubscriptionCreated = "event_subscription.created",
    SubscriptionEnabled = "event_subscription.enabled",
    /// By a person, or by the host because nothing could be delivered for days.
    SubscriptionDisabled = "event_subscription.disabled",
    SubscriptionTested = "event_subscription.tested",
    /// It signs with a new secret; the one before goes on signing for a day.
    SubscriptionSecretRotated = "event_subscription.secret_rotated",
    /// The one before signs no more and is destroyed.
    SubscriptionSecretDestroyed = "event_subscription.secret_destroyed",
    SubscriptionRemoved = "event_subscription.removed",
    /// Its body was written anew by a person.
    DeadLetterEdited = "dead_letter.edited",
    /// It is not to be delivered.
    DeadLetterDiscarded = "dead_letter.discarded",
    /// Their time was over.
    DeadLettersExpired = "dead_letters.expired",
    ReplayStarted = "replay.started",
    ReplayCancelled = "replay.cancelled",
    ReplayEnded = "replay.ended",
    /// What is kept of its requests, and what is sent beside them.
    ProfileTraced = "profile.traced",
    TokenMade = "token.made",
    TokenRevoked = "token.revoked",
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
