//! How a lab asks glassnet for things: every verb and flag it uses, in one
//! place, so that a change of the command line is a change here only.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::init::{PROGRAM_INSIDE, search_path};
use crate::namespace;
use crate::process::Process;
use crate::topology::{Container, Network};

/// There once the daemon of a machine answers.
const DAEMON_SOCKET: &str = "/run/glassnet/api.sock";
const DAEMON_LOG: &str = "/var/log/glassnet.log";
const DAEMON_WITHIN: Duration = Duration::from_secs(10);

/// The daemon of a machine.
pub(crate) fn node() -> Vec<String> {
    words(&["node"])
}

/// Succeeds if the network is there: networks outlive a power cut.
fn network_inspect(network: &Network) -> Vec<String> {
    words(&["network", "inspect", &network.name])
}

fn network_create(network: &Network) -> Vec<String> {
    let mut command = words(&["network", "create", &network.name]);
    for subnet in &network.subnets {
        command.extend(["--subnet".to_owned(), subnet.to_string()]);
    }
    command
}

/// Attaches the container whose first process has this pid in the machine.
fn attach(container: &Container, network: &str, pid: u32) -> Vec<String> {
    let mut command = words(&["attach", &format!("/proc/{pid}/ns/net")]);
    command.extend(words(&["--network", network, "--name", &container.name]).split_off(1));
    for address in &container.addresses {
        command.extend(["--address".to_owned(), address.to_string()]);
    }
    for publish in &container.publish {
        command.extend(["--publish".to_owned(), publish.clone()]);
    }
    command
}

fn words(words: &[&str]) -> Vec<String> {
    std::iter::once(PROGRAM_INSIDE).chain(words.iter().copied()).map(str::to_owned).collect()
}

/// Waits until the machine's daemon answers.
pub(crate) fn wait_for_daemon(machine: &str, process: &Process) -> Result<(), Error> {
    let late = Instant::now() + DAEMON_WITHIN;
    let look = || {
        namespace::inside(process, namespace::ALL, || {
            while !Path::new(DAEMON_SOCKET).exists() {
                if Instant::now() > late {
                    return Ok(Some(std::fs::read_to_string(DAEMON_LOG).unwrap_or_default()));
                }
                thread::sleep(Duration::from_millis(10));
            }
            Ok(None)
        })
    };
    match look() {
        Ok(None) => Ok(()),
        Ok(Some(log)) => Err(Error::Glassnet {
            machine: machine.to_owned(),
            command: "glassnet node".to_owned(),
            status: format!(": no {DAEMON_SOCKET} within {} s", DAEMON_WITHIN.as_secs()),
            output: last_lines(&log),
        }),
        Err(source) => Err(failed_to_run(machine, &node(), source)),
    }
}

/// Makes a network, unless the machine has it from an earlier boot.
pub(crate) fn make_network(
    machine: &str,
    process: &Process,
    network: &Network,
) -> Result<(), Error> {
    if run(machine, process, &network_inspect(network)).is_ok() {
        return Ok(());
    }
    run(machine, process, &network_create(network))
}

pub(crate) fn attach_container(
    machine: &str,
    process: &Process,
    container: &Container,
    network: &str,
    pid: u32,
) -> Result<(), Error> {
    run(machine, process, &attach(container, network, pid))
}

/// Runs glassnet inside a machine; what it says is kept for the error.
fn run(machine: &str, process: &Process, command: &[String]) -> Result<(), Error> {
    let output: Output = namespace::inside(process, namespace::ALL, || {
        Command::new(&command[0])
            .args(&command[1..])
            .env_clear()
            .env("PATH", search_path())
            .stdin(Stdio::null())
            .output()
    })
    .map_err(|source| failed_to_run(machine, command, source))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    Err(Error::Glassnet {
        machine: machine.to_owned(),
        command: spoken(command),
        status: format!(" ({})", output.status),
        output: last_lines(&String::from_utf8_lossy(&said)),
    })
}

fn failed_to_run(machine: &str, command: &[String], source: io::Error) -> Error {
    Error::Exec { part: machine.to_owned(), command: spoken(command), source }
}

fn spoken(command: &[String]) -> String {
    format!("glassnet {}", command[1..].join(" "))
}

/// The end of a long text: that is where the reason stands.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attachment_in_glassnets_words() {
        let container = Container {
            name: "web".to_owned(),
            network: Some("blue".to_owned()),
            addresses: vec!["10.1.0.9".parse().unwrap()],
            publish: vec!["8080:80".to_owned()],
            command: Vec::new(),
            serve: Vec::new(),
        };
        assert_eq!(
            spoken(&attach(&container, "blue", 7)),
            "glassnet attach /proc/7/ns/net --network blue --name web --address 10.1.0.9 --publish 8080:80"
        );
    }
}
