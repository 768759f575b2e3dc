//! What there is to know about an operation of the API: everything that differs from one to the next.

/// One operation, behind the action of the same name.
#[derive(Debug)]
pub struct Operation {
    /// The action in `manifest.json`.
    pub action: &'static str,
    pub method: &'static str,
    /// Origin and base path; `{name}` is a property of the profile's configuration.
    pub server: &'static str,
    /// `{name}` is a parameter.
    pub path: &'static str,
    pub params: &'static [Param],
    pub body: Body,
    pub answer: Answer,
    /// The header that carries the key by which a repeated attempt is recognised.
    pub idempotency: Option<&'static str>,
}

/// A parameter, and the member of the input that fills it.
#[derive(Debug)]
pub struct Param {
    pub place: Place,
    pub name: &'static str,
    pub input: &'static str,
    pub style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    Header,
}

/// How a list or an object becomes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "an API uses some of them")]
pub enum Style {
    /// `name=a&name=b`; the members of an object as parameters of their own.
    Repeated,
    /// `name=a,b` and `name=key,value`.
    Commas,
    /// `name=a b`.
    Spaces,
    /// `name=a|b`.
    Pipes,
    /// `name[key]=value`.
    Brackets,
    /// The JSON text.
    Json,
}

/// How the `body` of the input is sent.
#[derive(Debug)]
#[allow(dead_code, reason = "an API uses some of them")]
pub enum Body {
    Nothing,
    /// As JSON, of this media type.
    Json(&'static str),
    /// As a form; the fields that are not repeated plainly.
    Form(&'static [(&'static str, Style)]),
    /// As it is, of this media type.
    Text(&'static str),
}

/// What comes back.
#[derive(Debug)]
#[allow(dead_code, reason = "an API uses some of them")]
pub enum Answer {
    Nothing,
    /// JSON, of this media type.
    Json(&'static str),
    /// Text, of this media type.
    Text(&'static str),
}

#[allow(dead_code, reason = "an API may have none")]
pub const fn path(name: &'static str) -> Param {
    Param { place: Place::Path, name, input: name, style: Style::Commas }
}

#[allow(dead_code, reason = "an API may have none")]
pub const fn query(name: &'static str) -> Param {
    Param { place: Place::Query, name, input: name, style: Style::Repeated }
}

#[allow(dead_code, reason = "an API may have none")]
pub const fn header(name: &'static str) -> Param {
    Param { place: Place::Header, name, input: name, style: Style::Commas }
}

#[allow(dead_code, reason = "an API may need none of them")]
impl Param {
    /// The member of the input, where it has another name.
    pub const fn from(self, input: &'static str) -> Self {
        Self { input, ..self }
    }

    pub const fn style(self, style: Style) -> Self {
        Self { style, ..self }
    }
}
