//! Counts what a component contains before anything is validated or compiled.
//!
//! The validator's own ceilings are far above what a connector needs, and compilation is not interruptible: whatever
//! would make either slow is refused here, by a single walk over the sections that allocates almost nothing.

use wasmparser::{MemoryType, Parser, Payload, TableType};

use crate::refused::{Counted, Refused};
use crate::type_nesting;
use domain::text::inert;

/// The largest counts. The interpreters of JavaScript and Python, the largest honest guests, stay below each.
const NESTING_MAX: usize = 16;
const MODULES_MAX: usize = 128;
const INSTANCES_MAX: usize = 1_000;
const TYPES_MAX: usize = 50_000;
const IMPORTS_MAX: usize = 20_000;
const EXPORTS_MAX: usize = 50_000;
const FUNCTIONS_MAX: usize = 200_000;
const GLOBALS_MAX: usize = 50_000;
const MEMORIES_MAX: usize = 64;
const TABLES_MAX: usize = 128;
const TABLE_ELEMENTS_MAX: usize = 100_000;
const DATA_SEGMENTS_MAX: usize = 30_000;
const ELEMENT_SEGMENTS_MAX: usize = 10_000;
const ALIASES_MAX: usize = 100_000;
const LOCALS_MAX: usize = 20_000;
const FUNCTION_BYTES_MAX: usize = 1 << 20;
const CUSTOM_BYTES_MAX: usize = 4 << 20;
const INVALID_BYTES_MAX: usize = 300;
const WASM_PAGE_BYTES: u64 = 1 << 16;

/// What the walk saw of the outermost component.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    pub(crate) functions: usize,
    pub(crate) modules: usize,
}

#[derive(Default)]
struct Counts {
    modules: usize,
    instances: usize,
    types: usize,
    imports: usize,
    exports: usize,
    functions: usize,
    globals: usize,
    memories: usize,
    tables: usize,
    memory_bytes: usize,
    table_elements: usize,
    data_segments: usize,
    element_segments: usize,
    aliases: usize,
    custom_bytes: usize,
}

/// Walks all sections, nested ones included, and refuses what exceeds a count.
pub(crate) fn take(bytes: &[u8], memory_max_bytes: usize) -> Result<Census, Refused> {
    let mut census = Census::default();
    let mut counts = Counts::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth += 1;
                if depth > NESTING_MAX {
                    return Err(Refused::TooMany { what: Counted::Nesting, max: NESTING_MAX });
                }
                add(&mut counts.modules, 1, MODULES_MAX, Counted::Modules)?;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) => {
                add(&mut counts.imports, section.count(), IMPORTS_MAX, Counted::Imports)?;
                if depth == 0 {
                    for import in section {
                        census.imports.push(import.map_err(invalid)?.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                add(&mut counts.exports, section.count(), EXPORTS_MAX, Counted::Exports)?;
                if depth == 0 {
                    for export in section {
                        census.exports.push(export.map_err(invalid)?.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentTypeSection(section) => {
                add(&mut counts.types, section.count(), TYPES_MAX, Counted::Types)?;
                let declarations = type_nesting::check(bytes, section.range())?;
                add(&mut counts.types, declarations, TYPES_MAX, Counted::Types)?;
            }
            Payload::MemorySection(section) => {
                add(&mut counts.memories, section.count(), MEMORIES_MAX, Counted::Memories)?;
                for memory in section {
                    let initial = memory_bytes(&memory.map_err(invalid)?);
                    add(&mut counts.memory_bytes, initial, memory_max_bytes, Counted::MemoryBytes)?;
                }
            }
            Payload::TableSection(section) => {
                add(&mut counts.tables, section.count(), TABLES_MAX, Counted::Tables)?;
                for table in section {
                    let initial = table_elements(&table.map_err(invalid)?.ty);
                    add(&mut counts.table_elements, initial, TABLE_ELEMENTS_MAX, Counted::TableElements)?;
                }
            }
            Payload::CodeSectionEntry(body) => {
                let size = body.range().len();
                add(&mut 0, size, FUNCTION_BYTES_MAX, Counted::FunctionBytes)?;
                let mut locals = 0;
                for group in body.get_locals_reader().map_err(invalid)? {
                    let (count, _) = group.map_err(invalid)?;
                    add(&mut locals, count, LOCALS_MAX, Counted::Locals)?;
                }
            }
            Payload::CustomSection(section) => {
                add(&mut counts.custom_bytes, section.range().len(), CUSTOM_BYTES_MAX, Counted::CustomBytes)?;
            }
            other => count_by_section(&other, &mut counts)?,
        }
    }
    census.functions = counts.functions;
    census.modules = counts.modules;
    Ok(census)
}

/// The sections of which nothing but the number of items matters.
fn count_by_section(payload: &Payload<'_>, counts: &mut Counts) -> Result<(), Refused> {
    match payload {
        Payload::TypeSection(s) => add(&mut counts.types, s.count(), TYPES_MAX, Counted::Types),
        Payload::CoreTypeSection(s) => add(&mut counts.types, s.count(), TYPES_MAX, Counted::Types),
        Payload::ImportSection(s) => add(&mut counts.imports, s.count(), IMPORTS_MAX, Counted::Imports),
        Payload::ExportSection(s) => add(&mut counts.exports, s.count(), EXPORTS_MAX, Counted::Exports),
        Payload::FunctionSection(s) => {
            add(&mut counts.functions, s.count(), FUNCTIONS_MAX, Counted::Functions)
        }
        Payload::GlobalSection(s) => add(&mut counts.globals, s.count(), GLOBALS_MAX, Counted::Globals),
        Payload::DataSection(s) => {
            add(&mut counts.data_segments, s.count(), DATA_SEGMENTS_MAX, Counted::DataSegments)
        }
        Payload::ElementSection(s) => {
            add(&mut counts.element_segments, s.count(), ELEMENT_SEGMENTS_MAX, Counted::ElementSegments)
        }
        Payload::InstanceSection(s) => {
            add(&mut counts.instances, s.count(), INSTANCES_MAX, Counted::Instances)
        }
        Payload::ComponentInstanceSection(s) => {
            add(&mut counts.instances, s.count(), INSTANCES_MAX, Counted::Instances)
        }
        Payload::ComponentAliasSection(s) => {
            add(&mut counts.aliases, s.count(), ALIASES_MAX, Counted::Aliases)
        }
        Payload::ComponentCanonicalSection(s) => {
            add(&mut counts.aliases, s.count(), ALIASES_MAX, Counted::Aliases)
        }
        _ => Ok(()),
    }
}

fn add(total: &mut usize, more: impl TryInto<usize>, max: usize, what: Counted) -> Result<(), Refused> {
    *total = total.saturating_add(more.try_into().unwrap_or(usize::MAX));
    if *total > max { Err(Refused::TooMany { what, max }) } else { Ok(()) }
}

fn memory_bytes(memory: &MemoryType) -> usize {
    usize::try_from(memory.initial.saturating_mul(WASM_PAGE_BYTES)).unwrap_or(usize::MAX)
}

fn table_elements(table: &TableType) -> usize {
    usize::try_from(table.initial).unwrap_or(usize::MAX)
}

/// A validator's message names offsets and items of the upload itself, so its author may see it.
pub(crate) fn invalid(error: wasmparser::Error) -> Refused {
    Refused::Invalid {
        message: format!("{} (at offset {:#x})", inert(error.message(), INVALID_BYTES_MAX), error.offset()),
    }
}
