//! Bounds how deeply types are written inside types, before the validator reads them.
//!
//! The validator reads a nested component or instance type by recursion, a few bytes of input for each frame, and only
//! afterwards looks at the depth. A chain of a million levels would overflow the host's own stack, which nothing catches.

use std::ops::Range;

use wasmparser::{
    BinaryReader, ComponentAlias, ComponentExternName, ComponentImport, ComponentType, ComponentTypeRef,
    CoreType,
};

use crate::census::invalid;
use crate::refused::{Counted, Refused};

const LEVELS_MAX: usize = 32;

const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;

/// Reads the type section at `range` of `bytes`, going down at most `LEVELS_MAX` levels. Returns how many declarations
/// its types contain.
pub(crate) fn check(bytes: &[u8], range: Range<usize>) -> Result<usize, Refused> {
    let start = range.start;
    let section = bytes.get(range).unwrap_or_default();
    let mut reader = BinaryReader::new(section, start);
    let count = reader.read_var_u32().map_err(invalid)?;
    let mut declarations = 0;
    for _ in 0..count {
        declarations += read_type(&mut reader, LEVELS_MAX)?;
    }
    Ok(declarations)
}

fn read_type(reader: &mut BinaryReader<'_>, levels_left: usize) -> Result<usize, Refused> {
    let first = reader.clone().read_u8().map_err(invalid)?;
    if first != COMPONENT_TYPE && first != INSTANCE_TYPE {
        // No other type contains a type literally, so this does not recurse.
        reader.read::<ComponentType<'_>>().map_err(invalid)?;
        return Ok(0);
    }
    let Some(levels_left) = levels_left.checked_sub(1) else {
        return Err(Refused::TooMany { what: Counted::TypeNesting, max: LEVELS_MAX });
    };
    reader.read_u8().map_err(invalid)?;
    let mut declarations = 0;
    for _ in 0..reader.read_var_u32().map_err(invalid)? {
        declarations += 1 + read_declaration(reader, first, levels_left)?;
    }
    Ok(declarations)
}

fn read_declaration(reader: &mut BinaryReader<'_>, within: u8, levels_left: usize) -> Result<usize, Refused> {
    match reader.read_u8().map_err(invalid)? {
        0x00 => reader.read::<CoreType<'_>>().map(|_| 0).map_err(invalid),
        0x01 => read_type(reader, levels_left),
        0x02 => reader.read::<ComponentAlias<'_>>().map(|_| 0).map_err(invalid),
        0x03 if within == COMPONENT_TYPE => reader.read::<ComponentImport<'_>>().map(|_| 0).map_err(invalid),
        0x04 => {
            reader.read::<ComponentExternName<'_>>().map_err(invalid)?;
            reader.read::<ComponentTypeRef>().map(|_| 0).map_err(invalid)
        }
        other => Err(Refused::Invalid { message: format!("{other:#04x} does not begin a type declaration") }),
    }
}
