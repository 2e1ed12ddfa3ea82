//! The first process of a machine, of a container, or of the fabric.
//!
//! ```text
//! up ── lab-init stage ── lab-init first         (pid 1 of its namespace)
//!            │ unshares        │ reads its orders (one line of JSON)
//!            │ says "pid N"    │ says "ready", or "error WHY"
//!            └ ends            │ waits for "go"; an end of file instead
//!                              │ means that `up` has died: it ends too
//!                              └ says "going", then only reaps
//! ```
//!
//! Two steps, since a process cannot put itself into a new PID namespace, only
//! its children. All talk is over stdin and stdout, inherited by both.

mod container;
mod files;
mod mounts;
mod orders;
mod reap;
mod serve;
mod service;

use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use nix::sched::unshare;

pub(crate) use orders::{
    ContainerOrders, LAB_RUN, MachineOrders, Orders, PROGRAM_INSIDE, search_path,
};

/// The hidden verb by which the program plays a first process.
pub const VERB: &str = "lab-init";

/// Runs a first process. `arguments` are those after the verb.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let result = match words.as_slice() {
        ["stage"] => stage(),
        ["first"] => first(),
        ["service"] => service::ordered().map(|()| say("started")),
        _ => Err(io::Error::other("this verb is for the lab's own use; see: glassnet lab --help")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error {error}"));
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the namespaces and, in them, the first process.
fn stage() -> io::Result<()> {
    // A session of its own: no terminal's signals reach the lab.
    nix::unistd::setsid()?;
    unshare(crate::namespace::ALL)?;
    let child = Command::new("/proc/self/exe").arg0("glassnet").args([VERB, "first"]).spawn()?;
    say(&format!("pid {}", child.id()));
    Ok(())
}

fn first() -> io::Result<()> {
    // It was started as /proc/self/exe; `ps` shall not show that.
    rustix::thread::set_name(c"lab-init")?;
    let signals = reap::block_child_signal()?;
    let mut lines = io::stdin().lock().lines();
    let mut next_line = || lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()));
    let orders: Orders = serde_json::from_str(&next_line()?)?;
    // From here on every mount is ours alone.
    mounts::make_private()?;
    match &orders {
        Orders::Fabric => mounts::fresh_proc().and_then(|()| files::quiet_fabric())?,
        Orders::Machine(machine) => {
            mounts::machine(machine)?;
            files::machine(machine)?;
        }
        Orders::Container(container) => container::build(container)?,
    }
    loopback_up()?;
    say("ready");
    if next_line()? != "go" {
        return Err(io::Error::other("something else than \"go\" was ordered"));
    }
    match &orders {
        Orders::Fabric => {}
        Orders::Machine(machine) => serve::machine(machine)?,
        Orders::Container(container) => serve::container(container)?,
    }
    say("going");
    close_talk()?;
    reap::forever(&signals)
}

fn say(line: &str) {
    // Nobody may be listening any more; that is no reason to fail.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", line.replace('\n', "; ")).and_then(|()| out.flush());
}

fn close_talk() -> io::Result<()> {
    let nothing = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&nothing)?;
    nix::unistd::dup2_stdout(&nothing)?;
    Ok(())
}

fn loopback_up() -> io::Result<()> {
    let bring_up = || {
        let mut wire = crate::wire::Wire::here()?;
        let index = wire.need("lo")?;
        wire.set_up(index, true)
    };
    bring_up().map_err(io::Error::other)
}

/// A command with nothing inherited that tells it of the lab's doings.
fn child(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", search_path())
        .env("HOME", "/root")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
