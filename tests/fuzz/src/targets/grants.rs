//! What a grant and a ceiling are written in: a name or an address that was read is written as what it is.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use domain::egress::{HostPattern, Method, Origin};
use domain::{FlowName, ProfileName, RecordKey, ScopeName, SecretName, TenantId};

pub(super) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    same::<Origin>(text);
    same::<HostPattern>(text);
    same::<Method>(text);
    same::<ScopeName>(text);
    same::<TenantId>(text);
    same::<ProfileName>(text);
    same::<FlowName>(text);
    same::<SecretName>(text);
    same::<RecordKey>(text);
    if let Ok(origin) = text.parse::<Origin>() {
        let shown = origin.to_string();
        assert!(!shown.contains('@') && !shown.contains('%') && shown.is_ascii(), "{shown:?}");
        assert_eq!(shown, shown.to_ascii_lowercase());
    }
    if let Ok(name) = text.parse::<TenantId>() {
        assert!(!name.as_str().contains(['/', '\0', '.', ' ']), "{name}");
    }
}

fn same<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    let Ok(value) = text.parse::<T>() else { return };
    let shown = value.to_string();
    assert_eq!(shown.parse::<T>().ok().as_ref(), Some(&value), "{text:?} is shown as {shown:?}");
}
