//! The parent's side of a compilation in a child: starts it, feeds it, reads a bounded answer, kills it at its limit
//! and when nobody waits any more.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::turns::Turn;
use super::worker::{ARGUMENT, COMPILED, GREETING, KEY_BYTES, REFUSED};
use super::{Compiler, Uncompiled};
use crate::options::RuntimeOptions;

/// Machine code is a few times the size of its component; the artefact store takes no more either.
const ARTEFACT_BYTES_MAX: u64 = 512 << 20;
const REFUSAL_BYTES_MAX: u64 = 4 << 10;
/// The compiler has no use for more, and each reserves address space.
const THREADS_MAX: usize = 4;

/// The program that compiles, or none where this process does it.
pub(crate) fn program(compiler: &Compiler) -> Option<PathBuf> {
    match compiler {
        Compiler::InProcess => None,
        Compiler::Program(path) => Some(path.clone()),
        // Not its path: the file there may be another version by now.
        #[cfg(target_os = "linux")]
        Compiler::ThisProgram => Some(PathBuf::from("/proc/self/exe")),
        #[cfg(not(target_os = "linux"))]
        Compiler::ThisProgram => std::env::current_exe().ok(),
    }
}

/// What a child makes of `component`. `key` is that of the engine which will load it.
pub(crate) async fn compile(
    program: PathBuf,
    options: &RuntimeOptions,
    key: String,
    component: Arc<[u8]>,
    turn: Turn,
) -> Result<Vec<u8>, Uncompiled> {
    let running = Running::default();
    // Kills when this future ends, however it ends.
    let killer = Killer(running.clone());
    let (memory_bytes, cpu_s, wall_ms) =
        (options.compile_memory_bytes, options.compile_cpu_s, options.compile_ms);
    let compiling = tokio::task::spawn_blocking(move || {
        // The turn ends when the child has ended, even if nobody waits for it.
        let _turn = turn;
        let command = command(&program, memory_bytes, cpu_s);
        // Started and waited for on one thread: the child is told to end with its parent's *thread*.
        let mut pipes = running.start(command).map_err(|error| not_started(&program, &error))?;
        let answer = pipes.talk(&key, &component);
        let ended = running.end();
        answer.map_err(|broken| broken.explain(ended.ok(), memory_bytes, cpu_s))?
    });
    let compiled = tokio::time::timeout(Duration::from_millis(wall_ms), compiling).await;
    drop(killer);
    match compiled {
        Ok(Ok(compiled)) => compiled,
        Ok(Err(_)) => Err(Uncompiled::Host("the thread that watches the compiler stopped".to_owned())),
        Err(_) => Err(Uncompiled::Limit(format!("{wall_ms} ms"))),
    }
}

fn command(program: &Path, memory_bytes: u64, cpu_s: u64) -> Command {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let mut command = Command::new(program);
    command
        .arg(ARGUMENT)
        .args([memory_bytes.to_string(), cpu_s.to_string()])
        .env_clear()
        .env("RAYON_NUM_THREADS", threads.to_string())
        // Each further arena of the allocator would reserve 64 MiB of the address space that is limited.
        .env("MALLOC_ARENA_MAX", "2")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // What a terminal sends to this process is not for the child: the host decides when a compilation ends.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

fn not_started(program: &Path, error: &io::Error) -> Uncompiled {
    Uncompiled::Host(format!("starting the compiler {}: {error}", program.display()))
}

/// The child, shared by the thread that talks to it and the future that may have to kill it.
#[derive(Clone, Default)]
struct Running(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    child: Option<Child>,
    killed: bool,
}

struct Killer(Running);

struct Pipes {
    to: std::process::ChildStdin,
    from: std::process::ChildStdout,
}

impl Running {
    fn start(&self, mut command: Command) -> io::Result<Pipes> {
        let mut shared = self.lock();
        if shared.killed {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let mut child = command.spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        shared.child = Some(child);
        let (to, from) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Pipes { to, from })
    }

    /// How the child ended. One that has answered, or closed its pipe, has nothing left to do.
    fn end(&self) -> io::Result<ExitStatus> {
        let mut shared = self.lock();
        let child = shared.child.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let _already_gone = child.kill();
        child.wait()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        let mut shared = self.0.lock();
        shared.killed = true;
        if let Some(child) = &mut shared.child {
            // Does nothing to one that has been waited for: its number may belong to another by now.
            let _already_gone = child.kill();
        }
    }
}

/// Why there is no answer.
enum Broken {
    /// It said something else than a worker, or ended before it said anything.
    NoWorker,
    OtherBuild,
    /// The child ended before it had answered.
    Silent,
    Nonsense,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Silent
    }
}

impl Pipes {
    fn talk(&mut self, key: &str, component: &[u8]) -> Result<Result<Vec<u8>, Uncompiled>, Broken> {
        let mut greeting = [0; GREETING.len()];
        self.from.read_exact(&mut greeting).map_err(|_| Broken::NoWorker)?;
        if greeting != GREETING {
            return Err(Broken::NoWorker);
        }
        let mut of = [0; KEY_BYTES];
        self.from.read_exact(&mut of)?;
        if of != *key.as_bytes() {
            return Err(Broken::OtherBuild);
        }
        self.to.write_all(&(component.len() as u64).to_le_bytes())?;
        self.to.write_all(component)?;
        self.to.flush()?;
        let mut head = [0; 9];
        self.from.read_exact(&mut head)?;
        let [tag, length @ ..] = head;
        let length = u64::from_le_bytes(length);
        match tag {
            COMPILED => Ok(Ok(self.read(length, ARTEFACT_BYTES_MAX)?)),
            REFUSED => {
                let message = self.read(length, REFUSAL_BYTES_MAX)?;
                let message = String::from_utf8(message).map_err(|_| Broken::Nonsense)?;
                Ok(Err(Uncompiled::Failed(message)))
            }
            _ => Err(Broken::Nonsense),
        }
    }

    fn read(&mut self, length: u64, max: u64) -> Result<Vec<u8>, Broken> {
        if length > max {
            return Err(Broken::Nonsense);
        }
        let mut bytes = Vec::new();
        (&mut self.from).take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(Broken::Silent) }
    }
}

impl Broken {
    fn explain(self, ended: Option<ExitStatus>, memory_bytes: u64, cpu_s: u64) -> Uncompiled {
        let memory = || Uncompiled::Limit(format!("{} MiB of memory", memory_bytes >> 20));
        let signal = ended.as_ref().and_then(signal);
        match self {
            // Too little memory for the compiler itself.
            Self::NoWorker if signal.is_some_and(|signal| signal != KILL) => memory(),
            Self::NoWorker => Uncompiled::Host(
                "the program that should compile is no compile worker; its `main` begins with \
                 `lockgate::run_if_compile_worker()`"
                    .to_owned(),
            ),
            Self::OtherBuild => Uncompiled::Host(
                "the program that should compile is of another build; use the one that belongs to this host"
                    .to_owned(),
            ),
            Self::Nonsense => Uncompiled::Host("the compile worker answered nonsense".to_owned()),
            Self::Silent => match signal {
                Some(XCPU) => Uncompiled::Limit(format!("{cpu_s} s of processor time")),
                // An allocation that fails aborts; a thread without room for its stack faults.
                Some(_) => memory(),
                None => Uncompiled::Failed("the compiler gave up on it".to_owned()),
            },
        }
    }
}

#[cfg(unix)]
const XCPU: i32 = rustix::process::Signal::XCPU.as_raw();
#[cfg(unix)]
const KILL: i32 = rustix::process::Signal::KILL.as_raw();
#[cfg(not(unix))]
const XCPU: i32 = 0;
#[cfg(not(unix))]
const KILL: i32 = 0;

#[cfg(unix)]
fn signal(status: &ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(status)
}

#[cfg(not(unix))]
fn signal(_: &ExitStatus) -> Option<i32> {
    None
}
