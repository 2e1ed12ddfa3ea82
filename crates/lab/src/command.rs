//! How a lab asks glassnet for things: every verb and flag it uses, in one
//! place, so that a change of the command line is a change here only.

use std::io;
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::init::{PROGRAM_INSIDE, search_path};
use crate::namespace;
use crate::process::Process;
use crate::service::{CLIENT_FILES, Service, at};
use crate::topology::{Container, Machine, Network, Topology};

/// There once the daemon of a machine answers.
const DAEMON_SOCKET: &str = "/run/glassnet/api.sock";
const DAEMON_WITHIN: Duration = Duration::from_secs(10);
/// How long a node may take to hear of a network that all nodes have.
const HEARD_WITHIN: Duration = Duration::from_secs(20);
/// How long a network that was refused is asked for again: a node may answer
/// before it has reached the store.
const MADE_WITHIN: Duration = Duration::from_secs(3);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The daemon of a machine. Where it shares networks, its own addresses
/// (`--address`) are added as it starts.
pub(crate) fn node(topology: &Topology, machine: &Machine) -> Vec<String> {
    let mut command = words(&["node"]);
    let (Some((_, etcd)), Some(store)) = (topology.keeper(), topology.store_address(machine))
    else {
        return command;
    };
    command.extend(["--store".to_owned(), format!("etcd://{}", at(store))]);
    if etcd.tls {
        for (option, file) in [
            ("--store-ca", "ca.pem"),
            ("--store-cert", "client.pem"),
            ("--store-key", "client.key"),
        ] {
            command.extend([option.to_owned(), format!("{CLIENT_FILES}/{file}")]);
        }
    }
    command.extend(["--name".to_owned(), machine.name.clone()]);
    command
}

/// Succeeds if the network is there: networks outlive a power cut.
fn network_inspect(network: &Network) -> Vec<String> {
    words(&["network", "inspect", &network.name])
}

/// Whose a network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The one host there is.
    Host,
    /// One host, among others that share networks.
    HostOfMany,
    AllHosts,
}

fn network_create(network: &Network, owner: Owner) -> Vec<String> {
    let mut command = words(&["network", "create", &network.name]);
    for subnet in &network.subnets {
        command.extend(["--subnet".to_owned(), subnet.to_string()]);
    }
    let settings = [
        ("--mtu", network.mtu.map(|mtu| mtu.to_string())),
        ("--backend", network.backend.map(|backend| backend.to_string())),
        ("--vxlan-port", network.port.map(|port| port.to_string())),
    ];
    for (option, value) in settings {
        command.extend(value.into_iter().flat_map(|value| [option.to_owned(), value]));
    }
    if owner == Owner::HostOfMany {
        command.push("--local".to_owned());
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
            // One that was killed has left its socket, at which nobody listens.
            while UnixStream::connect(DAEMON_SOCKET).is_err() {
                if Instant::now() > late {
                    let log = std::fs::read_to_string(Service::Node.log());
                    return Ok(Some(log.unwrap_or_default()));
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
        Err(source) => Err(failed_to_run(machine, &words(&["node"]), source)),
    }
}

/// Makes a network, unless the machine has it from an earlier boot.
pub(crate) fn make_network(
    machine: &str,
    process: &Process,
    network: &Network,
    owner: Owner,
) -> Result<(), Error> {
    if run(machine, process, &network_inspect(network)).is_ok() {
        return Ok(());
    }
    let late = Instant::now() + MADE_WITHIN;
    loop {
        match run(machine, process, &network_create(network, owner)) {
            Err(_) if owner == Owner::AllHosts && Instant::now() < late => {
                thread::sleep(BETWEEN_LOOKS);
            }
            made => return made,
        }
    }
}

/// Waits until a machine's daemon has heard of a network that another made.
pub(crate) fn wait_for_network(
    machine: &str,
    process: &Process,
    network: &Network,
) -> Result<(), Error> {
    let late = Instant::now() + HEARD_WITHIN;
    while let Err(error) = run(machine, process, &network_inspect(network)) {
        if Instant::now() > late {
            return Err(Error::NetworkUnheard {
                machine: machine.to_owned(),
                network: network.name.clone(),
                seconds: HEARD_WITHIN.as_secs(),
                said: Box::new(error),
            });
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    Ok(())
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
