//! A transform as a trait, and its export as a component.

use crate::Error;

#[doc(hidden)]
pub mod adapter;

/// The mapping step of a flow: a program in the transform's own language, run on each record.
///
/// Records are JSON texts, so that a transform may read numbers its own way.
///
/// ```
/// use lockgate_sdk::{Error, Transformer};
///
/// /// Keeps the records that contain the program's text.
/// struct Contains;
///
/// impl Transformer for Contains {
///     fn transform(program: &str, records: Vec<String>) -> Vec<Result<Option<String>, Error>> {
///         records.into_iter().map(|record| Ok(record.contains(program).then_some(record))).collect()
///     }
/// }
///
/// lockgate_sdk::export_transformer!(Contains);
/// # fn main() { assert_eq!(Contains::transform("1", vec!["[2]".into()]), [Ok(None)]); }
/// ```
pub trait Transformer {
    /// One result per record, in order. `None` drops the record from the flow.
    fn transform(program: &str, records: Vec<String>) -> Vec<Result<Option<String>, Error>>;
}

/// Exports a type that implements [`Transformer`] as this component's transform.
///
/// On native targets it only checks that the type does implement it.
///
/// ```
/// use lockgate_sdk::{Error, Transformer};
///
/// struct Identity;
///
/// impl Transformer for Identity {
///     fn transform(_program: &str, records: Vec<String>) -> Vec<Result<Option<String>, Error>> {
///         records.into_iter().map(|record| Ok(Some(record))).collect()
///     }
/// }
///
/// lockgate_sdk::export_transformer!(Identity);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_transformer {
    ($transformer:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            impl $crate::bindings::transformer::exports::lockgate::connector::transform::Guest for Component {
                fn transform(
                    program: ::std::string::String,
                    records: ::std::vec::Vec<::std::string::String>,
                ) -> ::std::vec::Vec<
                    ::core::result::Result<
                        ::core::option::Option<::std::string::String>,
                        $crate::transformer_adapter::wire::Error,
                    >,
                > {
                    $crate::transformer_adapter::transform::<$transformer>(&program, records)
                }
            }

            $crate::bindings::transformer::export_transformer!(
                Component with_types_in $crate::bindings::transformer
            );
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = $crate::transformer_adapter::is_transformer::<$transformer>;
    };
}
