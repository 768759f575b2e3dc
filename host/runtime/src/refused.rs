//! Why an upload was not admitted: one typed error with a stable code, what is wrong and what to do.

use domain::Blame;
use domain::call::CallFailure;
use domain::manifest::ManifestError;

/// An upload that was not admitted. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the upload is empty; send the bytes of a WebAssembly component")]
    Empty,
    #[error("the upload has {size} bytes and may have {max}; build for release and strip debug information")]
    TooLarge { size: usize, max: usize },
    #[error("the upload is text; compile it to a binary component first")]
    Text,
    #[error("the upload is compiled machine code; upload the component that it was compiled from")]
    Precompiled,
    #[error(
        "the upload is a core module; wrap it into a component (for Rust, build for the target wasm32-wasip2)"
    )]
    CoreModule,
    #[error("the upload is not a WebAssembly component")]
    NotAComponent,
    #[error("the component has more than {max} {}; {}", .what.noun(), .what.advice())]
    TooMany { what: Counted, max: usize },
    #[error("the component uses {feature}, which is switched off here; build it without")]
    FeatureDisabled { feature: String },
    #[error("the component is not valid: {message}")]
    Invalid { message: String },
    #[error("the component imports what is not offered here: {}; offered are the interfaces of lockgate:connector@0.1, the outgoing side of wasi:http@0.2 and an inert part of WASI 0.2", .imports.join(", "))]
    UnknownImport { imports: Vec<String> },
    #[error(
        "the component exports neither lockgate:connector/connector@0.1.0 nor lockgate:connector/transform@0.1.0; implement one of the two worlds"
    )]
    MissingExport,
    #[error(
        "the component's imports or exports do not have the types of lockgate:connector@0.1.0: {message}; build it against the published WIT"
    )]
    WrongType { message: String },
    #[error("the component could not be compiled: {message}")]
    CompileFailed { message: String },
    #[error(
        "the component needs more than {limit} to compile; make it smaller, or split its largest functions"
    )]
    CompileLimit { limit: String },
    #[error("too many components are being compiled at once; try again in a moment")]
    Busy,
    #[error("the component did not answer `describe`: {failure}; it is called with no capability at all")]
    DescribeFailed { failure: CallFailure },
    #[error(transparent)]
    BadManifest { error: ManifestError },
    #[error("the host could not examine the upload: {message}; try again")]
    Host { message: String },
}

impl Refused {
    /// The stable name of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::Text => "text",
            Self::Precompiled => "precompiled",
            Self::CoreModule => "core_module",
            Self::NotAComponent => "not_a_component",
            Self::TooMany { what, .. } => what.code(),
            Self::FeatureDisabled { .. } => "feature_disabled",
            Self::Invalid { .. } => "invalid_component",
            Self::UnknownImport { .. } => "unknown_import",
            Self::MissingExport => "missing_export",
            Self::WrongType { .. } => "wrong_type",
            Self::CompileFailed { .. } => "compile_failed",
            Self::CompileLimit { .. } => "compile_limit",
            Self::Busy => "busy",
            Self::DescribeFailed { .. } => "describe_failed",
            Self::BadManifest { .. } => "bad_manifest",
            Self::Host { .. } => "host",
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::Host { .. } | Self::Busy => Blame::Host,
            Self::DescribeFailed { failure } => failure.blame,
            _ => Blame::Guest,
        }
    }
}

/// What the census counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Nesting,
    TypeNesting,
    Modules,
    Instances,
    Types,
    Imports,
    Exports,
    Functions,
    Globals,
    Memories,
    Tables,
    MemoryBytes,
    TableElements,
    DataSegments,
    ElementSegments,
    Aliases,
    Locals,
    FunctionBytes,
    CustomBytes,
}

impl Counted {
    pub fn code(self) -> &'static str {
        match self {
            Self::Nesting => "too_nested",
            Self::TypeNesting => "types_too_nested",
            Self::Modules => "too_many_modules",
            Self::Instances => "too_many_instances",
            Self::Types => "too_many_types",
            Self::Imports => "too_many_imports",
            Self::Exports => "too_many_exports",
            Self::Functions => "too_many_functions",
            Self::Globals => "too_many_globals",
            Self::Memories => "too_many_memories",
            Self::Tables => "too_many_tables",
            Self::MemoryBytes => "memory_too_large",
            Self::TableElements => "table_too_large",
            Self::DataSegments => "too_many_data_segments",
            Self::ElementSegments => "too_many_element_segments",
            Self::Aliases => "too_many_aliases",
            Self::Locals => "too_many_locals",
            Self::FunctionBytes => "function_too_large",
            Self::CustomBytes => "custom_sections_too_large",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Nesting => "levels of components in components",
            Self::TypeNesting => "levels of types in types",
            Self::Modules => "core modules and components",
            Self::Instances => "instances",
            Self::Types => "types",
            Self::Imports => "imports",
            Self::Exports => "exports",
            Self::Functions => "functions",
            Self::Globals => "globals",
            Self::Memories => "memories",
            Self::Tables => "tables",
            Self::MemoryBytes => "bytes of initial memory",
            Self::TableElements => "initial table elements",
            Self::DataSegments => "data segments",
            Self::ElementSegments => "element segments",
            Self::Aliases => "aliases and canonical functions",
            Self::Locals => "local variables in one function",
            Self::FunctionBytes => "bytes in one function",
            Self::CustomBytes => "bytes of custom sections",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::CustomBytes => "strip names and debug information",
            Self::MemoryBytes | Self::TableElements => "let it start small and grow",
            Self::Locals | Self::FunctionBytes => "split the function or build for size",
            _ => "build for release, or compose less into one component",
        }
    }
}
