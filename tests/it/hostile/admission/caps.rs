//! Valid components that are too many, too deep or too large of something: counted, and refused before compilation.

use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, DataSection, ElementSection, Elements, Function, FunctionSection,
    ImportSection, MemorySection, MemoryType, Module, RefType, TableSection, TableType, TypeSection, ValType,
};

use super::yard::{AT_ONCE, Yard, connector};

const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(content.len()), content].concat()
}

fn one_type() -> TypeSection {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types
}

fn imports() -> Module {
    let mut imports = ImportSection::new();
    for at in 0..100_000 {
        imports.import("env", &format!("f{at}"), wasm_encoder::EntityType::Function(0));
    }
    let mut module = Module::new();
    module.section(&one_type()).section(&imports);
    module
}

fn functions(count: usize) -> Module {
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    let mut body = Function::new([]);
    body.instruction(&wasm_encoder::Instruction::End);
    for _ in 0..count {
        functions.function(0);
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&one_type()).section(&functions).section(&code);
    module
}

fn one_function(body: &Function) -> Module {
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    functions.function(0);
    code.function(body);
    let mut module = Module::new();
    module.section(&one_type()).section(&functions).section(&code);
    module
}

fn segments() -> Module {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut data = DataSection::new();
    for _ in 0..100_000 {
        data.active(0, &ConstExpr::i32_const(0), [0_u8; 1]);
    }
    let mut module = Module::new();
    module.section(&memories).section(&data);
    module
}

fn elements() -> Module {
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 1,
        maximum: None,
        shared: false,
    });
    let mut elements = ElementSection::new();
    for _ in 0..100_000 {
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(std::borrow::Cow::Borrowed(&[])));
    }
    let mut module = Module::new();
    module.section(&tables).section(&elements);
    module
}

/// Components in components, each with its own header: the innermost first.
fn nested(levels: usize) -> Vec<u8> {
    (0..levels).fold(HEADER.to_vec(), |inner, _| [HEADER, &section(4, &inner)].concat())
}

fn siblings(count: usize) -> Vec<u8> {
    [HEADER.to_vec(), section(4, HEADER).repeat(count)].concat()
}

/// Each type is a pair of the one before: thirty lines that would be a billion when written out.
fn doubled(count: u8) -> Vec<u8> {
    let mut types = vec![vec![0x6f, 2, 0x7d, 0x7d]];
    types.extend((1..count).map(|at| vec![0x6f, 2, at - 1, at - 1]));
    [HEADER.to_vec(), section(7, &[leb(types.len()), types.concat()].concat())].concat()
}

/// Each type is a list of the one before.
fn chained(count: usize) -> Vec<u8> {
    let mut types = vec![0x70, 0x7d];
    for at in 1..count {
        types.push(0x70);
        // An index is a signed number here: one whose highest bit stands would be a negative one.
        let mut index = leb(at - 1);
        if let Some(last) = index.last_mut().filter(|last| **last & 0x40 != 0) {
            *last |= 0x80;
            index.push(0);
        }
        types.extend(index);
    }
    [HEADER.to_vec(), section(7, &[leb(count), types].concat())].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_of_something_is_refused_by_name_before_it_is_compiled() {
    let yard = Yard::new().await;
    let watch = yard.watch();
    let mut huge = Function::new([]);
    for _ in 0..3_800_000 {
        huge.instruction(&wasm_encoder::Instruction::Nop);
        huge.instruction(&wasm_encoder::Instruction::Nop);
    }
    huge.instruction(&wasm_encoder::Instruction::End);
    let mut locals = Function::new([(50_000, ValType::I32)]);
    locals.instruction(&wasm_encoder::Instruction::End);
    let padding = vec![0; 15 << 20];
    let mut padded = Module::new();
    padded.section(&CustomSection { name: ".debug_info".into(), data: (&padding).into() });
    let cases = [
        ("imports", connector(&[imports()]), "too_many_imports"),
        ("a function of 7.6 MB", connector(&[one_function(&huge)]), "function_too_large"),
        ("50,000 locals", connector(&[one_function(&locals)]), "too_many_locals"),
        ("a million functions", connector(&[functions(1_000_000)]), "too_many_functions"),
        ("data segments", connector(&[segments()]), "too_many_data_segments"),
        ("element segments", connector(&[elements()]), "too_many_element_segments"),
        ("debug information", connector(&[padded]), "custom_sections_too_large"),
        ("depth", nested(100), "too_nested"),
        ("breadth", siblings(1_000), "too_many_modules"),
        ("doubled types", doubled(40), "invalid_component"),
        ("a chain of types", chained(49_000), "invalid_component"),
        ("a longer chain", chained(1_000_000), "too_many_types"),
    ];
    for (what, bytes, code) in cases {
        let answer = yard.upload(bytes).await;
        let status = if code == "invalid_component" { 400 } else { 422 };
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {answer:?}");
        // Sending it takes time, too, in a build that is not optimised.
        assert!(answer.took < AT_ONCE * 3, "{what} took {:?}", answer.took);
    }
    watch.was_healthy().await;
    yard.goes_on().await;
}
