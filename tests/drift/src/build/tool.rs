//! Programs run in a namespace, fed with lines.

use crate::error::{Error, Result};
use kernel::netns;
use std::io::Write as _;
use std::os::fd::BorrowedFd;
use std::process::{Command, Stdio};

/// Runs a program that reads its orders from its standard input. No line, no program.
pub(super) fn feed(
    (space, namespace): (&str, BorrowedFd<'_>),
    program: &'static str,
    arguments: &[&str],
    input: &str,
) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
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
    let output = netns::within(namespace, run)?.map_err(Error::system(format!("run {program}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Refused { program, space: space.to_owned(), said, input: input.to_owned() })
}
