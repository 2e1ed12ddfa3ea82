//! Starting a first process and talking it through its beginnings (the other
//! half of the talk is `init`).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Lines, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::command::last_lines;
use crate::error::Error;
use crate::init::{Orders, PROGRAM_INSIDE, VERB};
use crate::namespace;
use crate::process::{MARK, Process, marked};

/// A first process that is ready, and waits to be told to go on. Dropped, it
/// ends by itself.
pub(crate) struct Launched {
    pub(crate) process: Process,
    /// Its pid where it was started from: for a container, in its machine.
    pub(crate) pid: u32,
    part: String,
    orders: ChildStdin,
    answers: Answers,
}

/// Starts the fabric or a machine; what it says to stderr goes to `log`.
pub(crate) fn launch(
    token: &str,
    part: &str,
    orders: &Orders,
    log: &Path,
) -> Result<Launched, Error> {
    let start = || {
        let log = File::options().create(true).append(true).open(log)?;
        stage("/proc/self/exe", token, part, log)
    };
    talk(start(), part, orders, |pid| {
        Process::of(pid.cast_signed())
            .ok_or_else(|| std::fs::read_to_string(log).unwrap_or_default())
    })
}

/// Starts a container inside its machine.
pub(crate) fn launch_container(
    token: &str,
    part: &str,
    orders: &Orders,
    machine: &Process,
) -> Result<Launched, Error> {
    let start = namespace::inside(machine, namespace::ALL, || {
        let log = File::options().create(true).append(true).open("/var/log/containers.log")?;
        stage(PROGRAM_INSIDE, token, part, log)
    });
    // The pid it tells is the machine's; ours for it is found by its mark.
    talk(start, part, orders, |_| {
        let found = marked(token).unwrap_or_default();
        let of_part = found.into_iter().find(|(_, found)| found == part);
        of_part.map(|(process, _)| process).ok_or_else(String::new)
    })
}

fn stage(program: &str, token: &str, part: &str, log: File) -> io::Result<Child> {
    Command::new(program)
        .arg0("glassnet")
        .args([VERB, "stage"])
        .env_clear()
        .env(MARK, format!("{token}:{part}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
}

fn talk(
    stage: io::Result<Child>,
    part: &str,
    orders: &Orders,
    find: impl FnOnce(u32) -> Result<Process, String>,
) -> Result<Launched, Error> {
    let failed = |why: String| Error::Launch { part: part.to_owned(), why };
    let mut stage = stage.map_err(|error| failed(error.to_string()))?;
    let (Some(mut stdin), Some(stdout)) = (stage.stdin.take(), stage.stdout.take()) else {
        return Err(failed("no pipes to talk over".to_owned()));
    };
    let text = serde_json::to_string(orders).map_err(|error| failed(error.to_string()))?;
    // If the stage has failed already, its answer says more than this would.
    let _ = writeln!(stdin, "{text}").and_then(|()| stdin.flush());
    let mut answers = BufReader::new(stdout).lines();
    let pid = pid_and_ready(&mut answers);
    // Whatever it said, the stage ends by itself now: it must not stay a zombie.
    drop(stage.wait());
    let pid = pid.map_err(failed)?;
    let process = find(pid)
        .map_err(|log| failed(format!("its first process ended early. {}", last_lines(&log))))?;
    Ok(Launched { process, pid, part: part.to_owned(), orders: stdin, answers })
}

type Answers = Lines<BufReader<ChildStdout>>;

/// Stage and first process speak for themselves, so either may be first.
fn pid_and_ready(answers: &mut Answers) -> Result<u32, String> {
    let (mut pid, mut ready) = (None, false);
    loop {
        let line = answer(answers)?;
        match line.strip_prefix("pid ") {
            Some(number) => {
                pid = Some(number.parse().map_err(|_| format!("\"{line}\" names no pid"))?);
            }
            None if line == "ready" => ready = true,
            None => return Err(line),
        }
        if let (Some(pid), true) = (pid, ready) {
            return Ok(pid);
        }
    }
}

/// The next line, unless it tells of an error.
fn answer(answers: &mut Answers) -> Result<String, String> {
    match answers.next() {
        Some(Ok(line)) => match line.strip_prefix("error ") {
            Some(why) => Err(why.to_owned()),
            None => Ok(line),
        },
        Some(Err(error)) => Err(error.to_string()),
        None => Err("it ended without a word".to_owned()),
    }
}

impl Launched {
    /// Lets it start what it is to run.
    pub(crate) fn go(mut self) -> Result<Process, Error> {
        let failed = |why| Error::Launch { part: self.part.clone(), why };
        writeln!(self.orders, "go").map_err(|error| failed(error.to_string()))?;
        match answer(&mut self.answers) {
            Ok(line) if line == "going" => Ok(self.process),
            Ok(why) | Err(why) => Err(failed(why)),
        }
    }
}
