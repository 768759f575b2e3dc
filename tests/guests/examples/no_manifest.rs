//! A guest that does not say what it is: where its manifest should be, there is something else.
//!
//! The SDK cannot say such a thing, so this guest is made of the bindings below it.

#[cfg(target_arch = "wasm32")]
mod component {
    use lockgate_sdk::bindings::connector::exports::lockgate::connector::connector::Guest;
    use lockgate_sdk::bindings::connector::lockgate::connector::types::{
        Error, Inbound, Input, Page, Received,
    };

    struct NoManifest;

    impl Guest for NoManifest {
        fn describe() -> String {
            r#"{"this": ["is", "no manifest"]}"#.to_owned()
        }

        fn check() -> Result<(), Error> {
            Ok(())
        }

        fn run(_action: String, inputs: Vec<Input>) -> Vec<Result<String, Error>> {
            inputs.into_iter().map(|input| Ok(input.body)).collect()
        }

        fn poll(_trigger: String, _cursor: Option<String>) -> Result<Page, Error> {
            Ok(Page { records: Vec::new(), next: None, more: false })
        }

        fn receive(_hook: String, _event: Inbound) -> Result<Received, Error> {
            Ok(Received { records: Vec::new() })
        }
    }

    lockgate_sdk::bindings::connector::export_connector!(
        NoManifest with_types_in lockgate_sdk::bindings::connector
    );
}
