//! Whether a record, once mapped, is what the destination's action says that it takes: asked before the connector is.
//!
//! The connector declared what it takes, and whoever made the flow decided what to hand over, so an input that does not
//! fit is the flow's fault and never the connector's.

use domain::Blame;
use domain::json::{self, Bounds};
use domain::run::Failure;
use domain::schema::Schema;
use domain::text::inert;
use wit::Action;

use crate::ready::{NotReady, Ready};

/// What a failure keeps of the places where an input does not fit.
const MESSAGE_BYTES_MAX: usize = 1_000;
/// Deeper inputs were refused when the mapping returned them.
const DEPTH_MAX: usize = 100;

/// What the destination's action takes. Made once for both ends, asked for each record.
pub(crate) struct Inputs {
    action: String,
    /// None: the action takes anything.
    schema: Option<Schema>,
}

impl Inputs {
    pub(crate) fn of(ready: &Ready, action: &str) -> Result<Self, NotReady> {
        let Action { name, input, .. } = ready.action(action)?;
        let anything =
            input.as_bool() == Some(true) || input.as_object().is_some_and(serde_json::Map::is_empty);
        let schema = if anything { None } else { Some(Schema::compile(input)) };
        let schema = schema.transpose().map_err(|error| NotReady::BadSchema {
            connector: ready.profile.connector.clone(),
            action: name.clone(),
            reason: error.to_string(),
        })?;
        Ok(Self { action: name.clone(), schema })
    }

    /// Every place where the input does not fit, without its values: they may be personal.
    pub(crate) fn judge(&self, body: &str) -> Result<(), Failure> {
        let Some(schema) = &self.schema else { return Ok(()) };
        let bounds = Bounds { bytes: body.len(), depth: DEPTH_MAX };
        let input = json::parse(body.as_bytes(), bounds).map_err(|error| self.refused(&error.to_string()))?;
        schema.check(&input).map_err(|problems| self.refused(&problems.join("; ")))
    }

    fn refused(&self, problems: &str) -> Failure {
        let message =
            format!("what the flow hands over does not fit the input of {}: {problems}", self.action);
        Failure {
            blame: Blame::Operator,
            code: "invalid_input".to_owned(),
            message: inert(&message, MESSAGE_BYTES_MAX),
        }
    }
}
