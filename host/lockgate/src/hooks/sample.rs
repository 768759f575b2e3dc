//! A sample event that the host signs and sends to itself, through everything that a real one passes.

use domain::audit::{Subject, Verb};
use domain::{CorrelationId, HookId};

use auth::webhook::{Arrived, sign};

use super::arriving::{HookAnswer, HookRefused, HookRequest};
use crate::error::{Error, Kind};
use crate::host::Host;
use crate::tenant::Tenant;

impl Tenant {
    /// Sends a signed sample: it is verified, taken and delivered like any event. Without a body, a small JSON object
    /// whose `id` is new each time.
    pub async fn test_hook(&self, id: &HookId, body: Option<Vec<u8>>) -> Result<HookAnswer, Error> {
        let hook = self.hook(id)?;
        let webhook = self.webhook_of(&hook.profile, &hook.trigger)?;
        let Some(secret) = self.open_hook_secret(&hook, &hook.secret_name()?)? else {
            return Err(Error::new(Kind::Conflict, "no_secret", "the hook has no secret; rotate it"));
        };
        self.record(self.happening(Verb::HookTested, Subject::hook(id))).await?;
        let sample = format!("lockgate-test-{}", CorrelationId::make(&*self.rooms.randomness));
        let body = body.unwrap_or_else(|| {
            serde_json::json!({ "id": sample, "event_id": sample, "type": "lockgate.test" })
                .to_string()
                .into_bytes()
        });
        let uri = self.hook_url(id);
        let unsigned = Arrived { method: "POST", uri: &uri, headers: &[], body: &body, now: self.now() };
        let signed = sign(&webhook.scheme, &secret, &unsigned, &sample)
            .map_err(|refused| Error::new(Kind::Conflict, refused.code(), refused.to_string()))?;
        let mut headers = signed.headers;
        headers.push(("content-type".to_owned(), b"application/json".to_vec()));
        let host = Host { rooms: self.rooms.clone(), actor: self.actor.clone() };
        let taken = async {
            let open = host.open_hook(id.as_str(), "lockgate hooks test")?;
            open.receive(HookRequest { method: "POST".to_owned(), query: None, headers, body }).await
        };
        taken.await.map_err(|refused: HookRefused| refused.for_owner())
    }
}
