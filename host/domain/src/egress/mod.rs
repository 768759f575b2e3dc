//! What may leave the host: one policy, judged gate by gate, and the permit that only this module can make.
//!
//! `Policy::judge` asks the gates in this order; the first that refuses answers:
//!
//! 1. capability: the call may use the network at all (`policy`);
//! 2. normalise: method and URL are what they seem; the string that is judged is the string that is sent (`normalise`);
//! 3. scheme: https, or http to an origin that the operator's ceiling names as private;
//! 4. ceiling: the operator lets anybody go there (`ceiling`);
//! 5. hosts: the connector asks for this origin and the profile was granted it;
//! 6. scope: a granted scope covers method and path (`scope`, `path`, `host_template`);
//! 7. headers: nothing that the host sets or that changes the meaning of the request (`headers`, `form`);
//! 8. credential: nothing in the places where the host puts the profile's credential (`credential`, `field`);
//! 9. budget: count and bytes (`budget`).
//!
//! `Policy::explain` takes the same way and does not stop at the first refusal (`explain`).
//! After the permit, `Permit::vet` judges what the name resolved to (`address`, `own`), and `Permit::follow` sends a redirect
//! through all gates again. `redact` is what may be remembered of an exchange.

mod address;
mod budget;
mod ceiling;
mod credential;
mod explain;
mod field;
mod form;
mod headers;
mod host_template;
mod normalise;
mod origin;
mod own;
mod path;
mod permit;
mod policy;
mod public_suffix;
pub mod redact;
mod request;
mod rights;
mod scope;

pub use address::{AddressClass, classify, inside};
pub use budget::{Pace, Spent};
pub use ceiling::{Ceiling, HostPattern, InvalidPattern};
pub use credential::{Credential, CredentialPlace, Outgoing, Placed};
pub use explain::{Explained, Outcome, Verdict};
pub use field::{NoField, with_form_field, with_json_field};
pub use headers::{is_token, refused_header, response_headers};
pub use host_template::{HostTemplate, InvalidHostTemplate, UnresolvedHost};
pub use normalise::{Method, UnknownMethod};
pub use origin::{InvalidOrigin, Origin, Scheme};
pub use own::{NoDoors, OwnDoors};
pub use path::{InvalidPath, PathTemplate};
pub use permit::{Permit, Vetted, Wire};
pub use policy::{Covering, Policy, PolicyError, PolicyParts};
pub use request::{Request, Response};
