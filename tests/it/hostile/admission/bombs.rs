//! Components that are small, valid, and take very long or very much memory to compile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate::domain::token::Bearer;
use lockgate::{Compiler, Host, Kind, RuntimeOptions};
use wasm_encoder::{
    BlockType, CodeSection, Function, FunctionSection, Instruction, Module, TypeSection, ValType,
};

use super::yard::{Yard, connector, small};

/// A module of functions without parameters, one for each body.
fn module(bodies: Vec<Function>) -> Module {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    for body in bodies {
        functions.function(0);
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    module
}

/// Many loops, each of which changes many of the locals: every one of them needs a value in every block.
fn many_values(locals: u32, loops: u32) -> Function {
    let mut body = Function::new([(locals, ValType::I32)]);
    for at in 0..loops {
        body.instruction(&Instruction::Loop(BlockType::Empty));
        for step in 0..8 {
            let (from, to) = ((at * 7 + step * 13) % locals, (at * 11 + step * 17) % locals);
            body.instruction(&Instruction::LocalGet(from + 1));
            body.instruction(&Instruction::LocalGet(to + 1));
            body.instruction(&Instruction::I32Add);
            body.instruction(&Instruction::LocalSet(to + 1));
        }
        body.instruction(&Instruction::LocalGet(at % locals));
        body.instruction(&Instruction::BrIf(at % 5));
    }
    for _ in 0..loops {
        body.instruction(&Instruction::End);
    }
    body.instruction(&Instruction::LocalGet(1));
    body.instruction(&Instruction::End);
    body
}

/// One jump with a great many targets.
fn jump_table(targets: usize) -> Function {
    let mut body = Function::new([]);
    for _ in 0..100 {
        body.instruction(&Instruction::Block(BlockType::Empty));
    }
    let labels: Vec<u32> = (0..targets).map(|at| (at % 100) as u32).collect();
    body.instruction(&Instruction::LocalGet(0));
    body.instruction(&Instruction::BrTable(labels.into(), 0));
    for _ in 0..100 {
        body.instruction(&Instruction::End);
    }
    body.instruction(&Instruction::LocalGet(0));
    body.instruction(&Instruction::End);
    body
}

/// Four thousand values that live across two thousand blocks: a minute of work in 170 KB.
fn bomb() -> Vec<u8> {
    connector(&[module(vec![many_values(4_000, 2_000)])])
}

/// The processes that compile under exactly this limit of memory: each test has its own.
fn workers(memory_bytes: u64) -> usize {
    let mark = memory_bytes.to_string();
    let processes = std::fs::read_dir("/proc").expect("a list of processes");
    let command =
        |entry: std::io::Result<std::fs::DirEntry>| std::fs::read(entry.ok()?.path().join("cmdline")).ok();
    processes
        .filter_map(command)
        .filter(|words| words.split(|byte| *byte == 0).any(|word| word == mark.as_bytes()))
        .count()
}

/// Waits for something that happens soon.
async fn until(what: &str, happened: impl Fn() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bomb_of_values_is_killed_at_its_processor_time_and_costs_one_upload() {
    let yard = Yard::with(RuntimeOptions { compile_memory_bytes: (1 << 30) + 1, ..small() }).await;
    let watch = yard.watch();
    let answer = yard.upload(bomb()).await;
    assert_eq!((answer.status, answer.code()), (422, "compile_limit"), "{answer:?}");
    assert!(answer.detail().contains("3 s of processor time"), "{answer:?}");
    watch.was_healthy().await;
    until("the end of the last compilation", || workers((1 << 30) + 1) == 0).await;
    assert_eq!(yard.components(), Vec::<String>::new());
    yard.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bomb_that_waits_or_takes_too_long_is_killed_on_the_wall_clock() {
    let yard = Yard::with(RuntimeOptions { compile_ms: 500, compile_cpu_s: 60, ..small() }).await;
    let answer = yard.upload(bomb()).await;
    assert_eq!((answer.status, answer.code()), (422, "compile_limit"), "{answer:?}");
    assert!(answer.detail().contains("500 ms"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_needs_too_much_memory_is_stopped_there() {
    let bytes = (256 << 20) + 3;
    let options =
        RuntimeOptions { compile_memory_bytes: bytes, compile_cpu_s: 60, compile_ms: 60_000, ..small() };
    let yard = Yard::with(options).await;
    let watch = yard.watch();
    let answer = yard.upload(connector(&[module(vec![many_values(10_000, 3_000)])])).await;
    assert_eq!((answer.status, answer.code()), (422, "compile_limit"), "{answer:?}");
    assert!(answer.detail().contains("256 MiB of memory"), "{answer:?}");
    watch.was_healthy().await;
    until("the end of the last compilation", || workers(bytes) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_bombs_at_once_leave_a_place_for_somebody_else() {
    let bytes = (1 << 30) + 4;
    let yard = Arc::new(Yard::with(RuntimeOptions { compile_memory_bytes: bytes, ..small() }).await);
    let watch = yard.watch();
    let bombs: Vec<_> = (0..50)
        .map(|_| {
            let yard = yard.clone();
            tokio::spawn(async move { yard.upload(bomb()).await })
        })
        .collect();
    until("the first compilation", || workers(bytes) > 0).await;
    let globex = Bearer::Tenant { tenant: "globex".parse().unwrap() };
    let token = yard.host.make_token(globex).await.unwrap().text;
    // Bytes that nobody has compiled yet.
    let honest = [lockgate_tests::guests::PROBER, b"\0\x05\x04bomb"].concat();
    let answer = yard.upload_as(&token, honest).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(workers(bytes) > 0, "the bombs were over before the honest upload was");
    let (mut stopped, mut sent_away) = (0, 0);
    for bomb in bombs {
        let answer = bomb.await.unwrap();
        match (answer.status, answer.code()) {
            (422, "compile_limit") => stopped += 1,
            (503, "busy") => sent_away += 1,
            _ => panic!("{answer:?}"),
        }
    }
    assert!(stopped >= 1 && sent_away >= 40, "{stopped} stopped, {sent_away} sent away");
    watch.was_healthy().await;
    until("the end of the last compilation", || workers(bytes) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compilation_that_nobody_waits_for_is_killed() {
    let bytes = (1 << 30) + 5;
    let options = RuntimeOptions { compile_memory_bytes: bytes, compile_cpu_s: 60, ..small() };
    let yard = Yard::with(options).await;
    let tenant = yard.tenant.clone();
    let upload = tokio::spawn(async move { tenant.upload(bomb()).await.map(drop) });
    until("the compilation", || workers(bytes) > 0).await;
    upload.abort();
    until("the end of the compilation", || workers(bytes) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jump_with_a_million_targets_is_refused_by_the_compiler_at_once() {
    let yard = Yard::with(small()).await;
    let answer = yard.upload(connector(&[module(vec![jump_table(900_000)])])).await;
    assert_eq!((answer.status, answer.code()), (422, "compile_failed"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_no_worker_is_found_out_before_it_gets_a_component() {
    for program in ["/bin/true", "/bin/cat", "/nowhere/at/all"] {
        let builder = Host::builder().compiler(Compiler::Program(program.into()));
        let refused = builder.build().await.map(drop).unwrap_err();
        assert_eq!((refused.kind, refused.code), (Kind::Internal, "host"), "{program}: {refused}");
    }
    let refused = Host::builder().compiler(Compiler::ThisProgram).build().await.map(drop).unwrap_err();
    assert!(refused.message.contains("run_if_compile_worker"), "{refused}");
}

/// The worker's stdin stays open, so that only the end of its parent can be what ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_does_not_outlive_a_parent_that_is_killed() {
    let bytes = (1 << 30) + 6;
    let script = format!("exec 3<&0; \"$0\" --lockgate-compile-worker {bytes} 60 <&3 >/dev/null & wait");
    let mut parent = std::process::Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_compile_worker")])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // It has made its own limits, its file descriptors among them, by the time that it reads.
    until("the worker", || workers(bytes) > 0 && limited(bytes)).await;
    parent.kill().unwrap();
    parent.wait().unwrap();
    until("the end of the worker", || workers(bytes) == 0).await;
    drop(parent.stdin.take());
}

/// Whether a worker with this limit of memory has set it.
fn limited(memory_bytes: u64) -> bool {
    let mark = memory_bytes.to_string();
    let processes = std::fs::read_dir("/proc").expect("a list of processes");
    processes.flatten().any(|entry| {
        let of = |name| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        of("cmdline").contains("compile_worker\0--lockgate")
            && of("cmdline").contains(&mark)
            && of("limits").contains(&mark)
    })
}
