//! The SDKs' own words for the contract say what the contract says: the TypeScript definitions of the interfaces, which
//! are made of the WIT here, and the types of the manifest in TypeScript and Python.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "tests read the tree, and end at the first surprise"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wit_parser::{
    Docs, Function, FunctionKind, Handle, Interface, Resolve, Type, TypeDef, TypeDefKind, TypeOwner,
};

const DEFINITIONS: &str = "sdk-guest/js/src/wit.d.ts";
const HEAD: &str = "\
// The contract's interfaces as TypeScript, made of wit/v0 by a test (wit/tests/definitions.rs): do not edit.
//
// The SDK wraps them; who imports them directly speaks the contract itself.
";

#[test]
fn the_typescript_definitions_are_those_of_the_contract() {
    let made = definitions();
    let committed = std::fs::read_to_string(top().join(DEFINITIONS)).unwrap_or_default();
    if made != committed {
        let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("wit.d.ts");
        std::fs::write(&place, made).expect("the target folder is writable");
        panic!("{DEFINITIONS} is not what the WIT says any more: cp {} {DEFINITIONS}", place.display());
    }
}

#[test]
fn the_sdks_know_every_word_of_the_manifest() {
    let mut words = Vec::new();
    for file in ["manifest.rs", "oauth2.rs", "webhook.rs"] {
        let text = std::fs::read_to_string(top().join("wit/src").join(file)).expect("a source of this crate");
        let text = text.split("#[cfg(test)]").next().expect("a first part");
        for line in text.lines() {
            let field = line.trim().trim_start_matches("pub ");
            if let Some((name, _)) =
                field.split_once(": ").filter(|(name, _)| line.starts_with("    pub ") && !name.contains(' '))
            {
                words.push(name.to_owned());
            }
        }
    }
    assert!(words.len() > 60, "found {} fields", words.len());
    for sdk in ["sdk-guest/js/src/manifest.d.ts", "sdk-guest/python/src/lockgate_sdk/manifest.py"] {
        let text = std::fs::read_to_string(top().join(sdk)).expect("a file of an SDK");
        for word in &words {
            let known =
                [format!("  {word}: "), format!("  {word}?: ")].iter().any(|field| text.contains(&**field));
            assert!(known, "{sdk} does not know `{word}`");
        }
    }
}

/// One module an interface, under the names that components import.
fn definitions() -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(top().join("wit/v0")).expect("the contract is valid");
    let package = resolve.packages.get(package).expect("it was just read");
    let mut text = HEAD.to_owned();
    // Files are read in the order in which the disk has them.
    let mut interfaces: Vec<_> = package.interfaces.iter().collect();
    interfaces.sort();
    for (name, id) in interfaces {
        let id_of_interface = format!("{}:{}/{name}@0.1.0", package.name.namespace, package.name.name);
        let interface = resolve.interfaces.get(*id).expect("it is named");
        text.push('\n');
        docs(&mut text, &interface.docs, "");
        let _ = writeln!(text, "declare module '{id_of_interface}' {{");
        Module { resolve: &resolve, package: &id_of_interface }.write(&mut text, interface);
        text.push_str("}\n");
    }
    text
}

struct Module<'a> {
    resolve: &'a Resolve,
    package: &'a str,
}

impl Module<'_> {
    fn write(&self, text: &mut String, interface: &Interface) {
        for (name, id) in &interface.types {
            let definition = self.resolve.types.get(*id).expect("it is named");
            self.define(text, name, definition, interface);
        }
        for function in interface.functions.values().filter(|it| it.kind == FunctionKind::Freestanding) {
            docs(text, &function.docs, "  ");
            let _ =
                writeln!(text, "  export function {};", self.signature(function, &camel(&function.name), 0));
        }
    }

    fn define(&self, text: &mut String, name: &str, definition: &TypeDef, interface: &Interface) {
        let ours = pascal(name);
        docs(text, &definition.docs, "  ");
        match &definition.kind {
            TypeDefKind::Record(record) => {
                let _ = writeln!(text, "  export interface {ours} {{");
                for field in &record.fields {
                    docs(text, &field.docs, "    ");
                    let optional = if self.is_option(&field.ty) { "?" } else { "" };
                    let _ =
                        writeln!(text, "    {}{optional}: {};", camel(&field.name), self.spelled(&field.ty));
                }
                text.push_str("  }\n");
            }
            TypeDefKind::Variant(variant) => {
                let _ = writeln!(text, "  export type {ours} =");
                for case in &variant.cases {
                    docs(text, &case.docs, "    ");
                    let value = case.ty.map(|ty| format!("; val: {}", self.spelled(&ty))).unwrap_or_default();
                    let _ = writeln!(text, "    | {{ tag: '{}'{value} }}", case.name);
                }
                end_of_union(text);
            }
            TypeDefKind::Enum(cases) => {
                let _ = writeln!(text, "  export type {ours} =");
                for case in &cases.cases {
                    docs(text, &case.docs, "    ");
                    let _ = writeln!(text, "    | '{}'", case.name);
                }
                end_of_union(text);
            }
            TypeDefKind::Resource => {
                let _ = writeln!(text, "  export class {ours} {{\n    private constructor();");
                let methods =
                    interface.functions.values().filter(|it| matches!(it.kind, FunctionKind::Method(_)));
                for method in methods.filter(|it| it.name.starts_with(&format!("[method]{name}."))) {
                    docs(text, &method.docs, "    ");
                    let plain = method.name.rsplit('.').next().expect("a method has a name");
                    let _ = writeln!(text, "    {};", self.signature(method, &camel(plain), 1));
                }
                text.push_str("  }\n");
            }
            TypeDefKind::Type(Type::Id(id)) if self.is_foreign(*id) => {
                let from =
                    self.resolve.types.get(*id).and_then(|of| self.module(of)).expect("it is somewhere");
                let _ = writeln!(text, "  export type {ours} = import('{from}').{ours};");
            }
            kind => {
                let _ = writeln!(text, "  export type {ours} = {};", self.of_kind(kind));
            }
        }
    }

    fn is_foreign(&self, id: wit_parser::TypeId) -> bool {
        self.resolve.types.get(id).and_then(|of| self.module(of)).is_some_and(|module| module != self.package)
    }

    fn module(&self, of: &TypeDef) -> Option<String> {
        let TypeOwner::Interface(id) = of.owner else { return None };
        let name = self.resolve.interfaces.get(id)?.name.as_deref()?;
        let (package, _) = self.package.split_once('/')?;
        Some(format!("{package}/{name}@0.1.0"))
    }

    /// A result is what comes back, or what is thrown.
    fn signature(&self, function: &Function, name: &str, skip: usize) -> String {
        let parameters = function.params.iter().skip(skip);
        let parameters: Vec<_> = parameters
            .map(|it| {
                let optional = if self.is_option(&it.ty) { "?" } else { "" };
                format!("{}{optional}: {}", camel(&it.name), self.spelled(&it.ty))
            })
            .collect();
        let comes_back = match function.result {
            None => "void".to_owned(),
            Some(Type::Id(id)) => match self.resolve.types.get(id).map(|of| &of.kind) {
                Some(TypeDefKind::Result(result)) => {
                    result.ok.map_or_else(|| "void".to_owned(), |ok| self.spelled(&ok))
                }
                _ => self.spelled(&Type::Id(id)),
            },
            Some(other) => self.spelled(&other),
        };
        format!("{name}({}): {comes_back}", parameters.join(", "))
    }

    fn is_option(&self, ty: &Type) -> bool {
        let Type::Id(id) = ty else { return false };
        matches!(self.resolve.types.get(*id).map(|of| &of.kind), Some(TypeDefKind::Option(_)))
    }

    fn spelled(&self, ty: &Type) -> String {
        match ty {
            Type::Bool => "boolean".to_owned(),
            Type::U8 | Type::U16 | Type::U32 | Type::S8 | Type::S16 | Type::S32 | Type::F32 | Type::F64 => {
                "number".to_owned()
            }
            Type::U64 | Type::S64 => "bigint".to_owned(),
            Type::Char | Type::String => "string".to_owned(),
            Type::ErrorContext => panic!("the contract has no error contexts"),
            Type::Id(id) => {
                let of = self.resolve.types.get(*id).expect("it is named");
                of.name.as_ref().map_or_else(|| self.of_kind(&of.kind), |name| pascal(name))
            }
        }
    }

    fn of_kind(&self, kind: &TypeDefKind) -> String {
        let or_void = |ty: &Option<Type>| ty.map_or_else(|| "undefined".to_owned(), |ty| self.spelled(&ty));
        match kind {
            TypeDefKind::List(Type::U8) => "Uint8Array".to_owned(),
            TypeDefKind::List(of) => format!("Array<{}>", self.spelled(of)),
            TypeDefKind::Option(of) => format!("{} | undefined", self.spelled(of)),
            TypeDefKind::Tuple(tuple) => {
                let parts: Vec<_> = tuple.types.iter().map(|it| self.spelled(it)).collect();
                format!("[{}]", parts.join(", "))
            }
            TypeDefKind::Result(result) => format!(
                "{{ tag: 'ok'; val: {} }} | {{ tag: 'err'; val: {} }}",
                or_void(&result.ok),
                or_void(&result.err)
            ),
            TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) | TypeDefKind::Type(Type::Id(id)) => {
                self.spelled(&Type::Id(*id))
            }
            TypeDefKind::Type(other) => self.spelled(other),
            other => panic!("the contract has a {} now: say what it is in TypeScript", other.as_str()),
        }
    }
}

fn docs(text: &mut String, docs: &Docs, indent: &str) {
    let Some(contents) = &docs.contents else { return };
    let lines: Vec<_> = contents.trim().lines().map(str::trim).collect();
    match &*lines {
        [line] => {
            let _ = writeln!(text, "{indent}/** {line} */");
        }
        lines => {
            let _ = writeln!(text, "{indent}/**");
            for line in lines {
                let _ = writeln!(text, "{}", format!("{indent} * {line}").trim_end());
            }
            let _ = writeln!(text, "{indent} */");
        }
    }
}

fn end_of_union(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.push_str(";\n");
}

fn pascal(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    name.split('-').map(capital).collect()
}

fn camel(name: &str) -> String {
    let name = pascal(name);
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the top folder").to_owned()
}
