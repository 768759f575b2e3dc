//! A CRM object and its properties, which are typed here and strings on the wire.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The two kinds of object this CRM keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Contact,
    Deal,
}

impl Kind {
    pub(super) fn of(segment: &str) -> Option<Self> {
        match segment {
            "contacts" => Some(Self::Contact),
            "deals" => Some(Self::Deal),
            _ => None,
        }
    }

    /// Every property an object of this kind can have; one it does not have is null when asked for.
    pub(super) fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &[
                "city",
                "company",
                "country",
                "createdate",
                "email",
                "firstname",
                "hs_object_id",
                "lastmodifieddate",
                "lastname",
                "phone",
            ],
            Self::Deal => &[
                "amount",
                "closedate",
                "createdate",
                "deal_currency_code",
                "dealname",
                "dealstage",
                "hs_lastmodifieddate",
                "hs_object_id",
                "pipeline",
            ],
        }
    }

    /// What is returned when no property is asked for.
    fn unasked(self) -> &'static [&'static str] {
        match self {
            Self::Contact => {
                &["createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"]
            }
            Self::Deal => &[
                "amount",
                "closedate",
                "createdate",
                "dealname",
                "dealstage",
                "hs_lastmodifieddate",
                "hs_object_id",
                "pipeline",
            ],
        }
    }

    /// What is returned besides the properties that were asked for.
    fn always(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &["createdate", "hs_object_id", "lastmodifieddate"],
            Self::Deal => &["createdate", "hs_lastmodifieddate", "hs_object_id"],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Property {
    Text(String),
    Number(u64),
    /// An amount in 1/10000 of its currency.
    Decimal(i64),
    Moment(i64),
}

impl Property {
    pub(super) fn wire(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Decimal(amount) => decimal(*amount),
            Self::Moment(moment_ms) => iso(*moment_ms),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) id: u64,
    pub(super) created_ms: i64,
    pub(super) updated_ms: i64,
    /// The contact a deal is associated with.
    pub(super) contact: Option<u64>,
    /// All but the id and the two times, which [`Object::property`] adds.
    pub(super) properties: BTreeMap<&'static str, Property>,
}

impl Object {
    pub(super) fn property(&self, name: &str) -> Option<Property> {
        match (self.kind, name) {
            (_, "hs_object_id") => Some(Property::Number(self.id)),
            (_, "createdate") => Some(Property::Moment(self.created_ms)),
            (Kind::Contact, "lastmodifieddate") | (Kind::Deal, "hs_lastmodifieddate") => {
                Some(Property::Moment(self.updated_ms))
            }
            _ => self.properties.get(name).cloned(),
        }
    }

    /// The object with the properties asked for; a name this CRM does not know is left out, as HubSpot does.
    pub(super) fn wire(&self, asked: &[String]) -> Value {
        let known = self.kind.properties().iter();
        let wanted = known.filter(|name| {
            if asked.is_empty() {
                self.kind.unasked().contains(name)
            } else {
                self.kind.always().contains(name) || asked.iter().any(|asked| asked == **name)
            }
        });
        let properties = wanted
            .map(|name| ((*name).to_owned(), self.property(name).map(|property| property.wire()).into()))
            .collect::<Map<String, Value>>();
        json!({
            "id": self.id.to_string(),
            "properties": properties,
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.updated_ms),
            "archived": false,
        })
    }
}

/// An ISO 8601 time in UTC with three decimals, always.
pub(super) fn iso(moment_ms: i64) -> String {
    let moment = Timestamp::from_millisecond(moment_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{moment:.3}")
}

fn decimal(ten_thousandths: i64) -> String {
    let sign = if ten_thousandths < 0 { "-" } else { "" };
    let size = ten_thousandths.unsigned_abs();
    format!("{sign}{}.{:04}", size / 10_000, size % 10_000)
}

/// Reads a decimal of at most four places into 1/10000.
pub(super) fn parse_decimal(text: &str) -> Option<i64> {
    let (sign, size) = text.strip_prefix('-').map_or((1, text), |size| (-1, size));
    let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 4 || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<4}").parse::<i64>().ok().map(|size| sign * size)
}
