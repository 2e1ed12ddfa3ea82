//! Programs run in a namespace, fed with lines.

use super::Built;
use crate::error::{Error, Result};
use kernel::netns;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::{Command, Output, Stdio};

/// Runs a program that reads its orders from its standard input. No line, no program.
pub(super) fn feed(built: &Built, program: &str, arguments: &[&str], input: &str) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let output = run(built, program, arguments, input)?;
    if output.status.success() { Ok(()) } else { Err(refused(built, program, input, &output)) }
}

/// Has `ip` or `bridge` carry out lines. What the kernel refuses is passed over, as whoever types it would: a route
/// by a gateway that is on no link is one of the faults. What the program does not understand is an error.
pub(super) fn carry_out(built: &Built, program: &str, options: &[&str], input: &str) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let arguments = [options, &["-force", "-batch", "-"]].concat();
    let output = run(built, program, &arguments, input)?;
    let said = String::from_utf8_lossy(&output.stderr);
    let from_kernel = |line: &str| {
        let own = ["argument", "garbage", "expected", "required", "duplicate"];
        line.starts_with("RTNETLINK answers")
            || line.starts_with("Command failed")
            || line.starts_with("Error: ") && !own.iter().any(|word| line.contains(word))
    };
    if said.lines().all(from_kernel) {
        Ok(())
    } else {
        Err(refused(built, program, input, &output))
    }
}

fn refused(built: &Built, program: &str, input: &str, output: &Output) -> Error {
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Error::Refused {
        program: program.to_owned(),
        space: built.name.clone(),
        said,
        input: input.to_owned(),
    }
}

fn run(built: &Built, program: &str, arguments: &[&str], input: &str) -> Result<Output> {
    let run = || -> std::io::Result<_> {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // Who refuses the first line does not read the others; its words say more.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output()
    };
    netns::within(built.as_fd(), run)?.map_err(Error::system(format!("run {program}")))
}
