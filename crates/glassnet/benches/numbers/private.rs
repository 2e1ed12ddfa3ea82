//! Hosts that are nobody's, and programs run in them.

use anyhow::{Context as _, bail};
use kernel::NetNs;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::io::Write as _;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// This process leaves the machine's network and mounts for its own.
pub(crate) fn enter() -> anyhow::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_PRIVATE | MsFlags::MS_REC, none)?;
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), none)?;
    Ok(())
}

/// A program that serves for as long as this process lives, however that ends. The thread that starts
/// it has to live as long.
pub(crate) fn serving(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", program]);
    command
}

/// An etcd that serves clients at a URL and keeps its data in a directory.
pub(crate) fn etcd(url: &str, data: &Path) -> Command {
    let mut etcd = serving("etcd");
    etcd.args(["--log-level", "error", "--data-dir"])
        .arg(data)
        .args(["--listen-client-urls", url, "--advertise-client-urls", url])
        .args(["--listen-peer-urls", "http://127.0.0.1:0"]);
    etcd
}

/// `ip` with these arguments in a host's network.
pub(crate) fn ip(host: &NetNs, arguments: &str) -> anyhow::Result<()> {
    run_in(host, Command::new("ip").args(arguments.split_whitespace()), "").map(drop)
}

/// The path under which a program that we start finds the namespace.
pub(crate) fn path(netns: &NetNs) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), netns.as_fd().as_raw_fd())
}

/// Runs a plugin to its end and gives the time; its output must be a success.
pub(crate) fn run(command: &mut Command, stdin: &str) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let output = finish(command, stdin)?;
    let time = started.elapsed();
    succeeded(command, &output)?;
    Ok(time)
}

/// The same in another host's network; what it wrote to its standard output comes back too.
pub(crate) fn run_in(
    host: &NetNs,
    command: &mut Command,
    stdin: &str,
) -> anyhow::Result<(Duration, Output)> {
    kernel::netns::within(host.as_fd(), || {
        let started = Instant::now();
        let output = finish(command, stdin)?;
        let time = started.elapsed();
        succeeded(command, &output)?;
        Ok((time, output))
    })?
}

fn finish(command: &mut Command, stdin: &str) -> anyhow::Result<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("no stdin")?.write_all(stdin.as_bytes())?;
    Ok(child.wait_with_output()?)
}

fn succeeded(command: &Command, output: &Output) -> anyhow::Result<()> {
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}
