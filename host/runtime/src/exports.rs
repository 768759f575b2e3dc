//! Checks that what a component exports has the types of the contract, before any of its code runs.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{ComponentNamedList, InstancePre, Lift, Lower};

use crate::bindings::types;
use crate::state::CallState;

const CONNECTOR: &str = "lockgate:connector/connector@0.1.0";
const TRANSFORM: &str = "lockgate:connector/transform@0.1.0";

type Results<T> = Vec<Result<T, types::Error>>;

pub(crate) fn check_connector(pre: &InstancePre<CallState>) -> wasmtime::Result<()> {
    check::<(), (String,)>(pre, CONNECTOR, "describe")?;
    check::<(), (Result<(), types::Error>,)>(pre, CONNECTOR, "check")?;
    check::<(String, Vec<types::Input>), (Results<String>,)>(pre, CONNECTOR, "run")?;
    check::<(String, Option<String>), (Result<types::Page, types::Error>,)>(pre, CONNECTOR, "poll")?;
    check::<(String, types::Inbound), (Result<types::Received, types::Error>,)>(pre, CONNECTOR, "receive")
}

pub(crate) fn check_transform(pre: &InstancePre<CallState>) -> wasmtime::Result<()> {
    check::<(String, Vec<String>), (Results<Option<String>>,)>(pre, TRANSFORM, "transform")
}

fn check<P, R>(pre: &InstancePre<CallState>, interface: &str, name: &str) -> wasmtime::Result<()>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    let component = pre.component();
    let instance = component.get_export_index(None, interface);
    let function = instance.and_then(|instance| component.get_export(Some(&instance), name));
    match function {
        Some((ComponentItem::ComponentFunc(function), _)) => function
            .typecheck::<P, R>(&pre.instance_type())
            .map_err(|error| error.context(format!("the function `{name}`"))),
        Some(_) => Err(wasmtime::Error::msg(format!("the export `{name}` is not a function"))),
        None => Err(wasmtime::Error::msg(format!("the function `{name}` is missing"))),
    }
}
