//! Starting a service inside its machine.
//!
//! At the machine's boot its first process does that itself. Later it is asked
//! of a process that enters the machine, starts the service and ends: an
//! orphan's parent is the first process of the namespace its parent was in.
//!
//! ```text
//! lab start ── lab-init service ── etcd
//!                  │ reads its orders (one line of JSON)
//!                  └ says "started" or "error WHY", ends; etcd is the first process's
//! ```

use std::fs::{self, File};
use std::io::{self, BufRead, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;

use super::{child, mounts};
use crate::command::last_lines;
use crate::process::Process;
use crate::service::{ETCD_HEALTH, Service, ServiceOrders};

/// A quiet machine needs half a second; one that builds meanwhile much more.
const HEALTHY_WITHIN: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Reads what to start from stdin.
pub(super) fn ordered() -> io::Result<()> {
    // No terminal's signals reach it.
    nix::unistd::setsid()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    start(&serde_json::from_str(&line)?)
}

/// Starts a service; of etcd, its first answer is waited for.
pub(super) fn start(orders: &ServiceOrders) -> io::Result<()> {
    let service = orders.service;
    let log = File::options().create(true).append(true).open(service.log())?;
    let mut words = orders.command.clone();
    if let Some(link) = &orders.underlay {
        let addresses: Vec<String> = addresses(link)?.iter().map(ToString::to_string).collect();
        if !addresses.is_empty() {
            words.extend(["--address".to_owned(), addresses.join(",")]);
        }
    }
    let Some((program, arguments)) = words.split_first() else {
        return Err(io::Error::other(format!("there is no command for {service}")));
    };
    let mut command = child(program);
    command.args(arguments).stdout(log.try_clone()?).stderr(log);
    if service == Service::Etcd {
        // Many labs share one computer: collect earlier, hold less.
        command.env("GOGC", "50");
    }
    let mut process = command
        .spawn()
        .map_err(|error| io::Error::other(format!("{}: {error}", words.join(" "))))?;
    note(service, &process)?;
    match service {
        Service::Node => Ok(()),
        Service::Etcd => healthy(&mut process).inspect_err(|_| {
            let _ = process.kill();
        }),
    }
}

/// Writes down the process, for who wants to end or freeze it.
fn note(service: Service, process: &Child) -> io::Result<()> {
    let path = service.note();
    if let Some(directory) = Path::new(&path).parent() {
        mounts::make(directory, 0o755)?;
    }
    match Process::of(process.id().cast_signed()) {
        Some(Process { pid, started }) => fs::write(path, format!("{pid} {started}\n")),
        // It has ended already: who asks finds nothing.
        None => Ok(()),
    }
}

/// The addresses of a link that others can send to.
fn addresses(link: &str) -> io::Result<Vec<IpAddr>> {
    let all = getifaddrs()?.filter(|one| one.interface_name == link);
    let all = all.filter_map(|one| {
        let address = one.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    });
    let near = |address: &IpAddr| match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    // One of each family, as the daemon takes them: the first.
    let all: Vec<IpAddr> = all.filter(|address| !near(address)).collect();
    let first = |v4: bool| all.iter().copied().find(|address| address.is_ipv4() == v4);
    Ok(first(true).into_iter().chain(first(false)).collect())
}

/// Waits until etcd has elected itself and answers.
fn healthy(process: &mut Child) -> io::Result<()> {
    let late = Instant::now() + HEALTHY_WITHIN;
    let failed = |what: String| {
        let log = fs::read_to_string(Service::Etcd.log()).unwrap_or_default();
        io::Error::other(format!("{what}. {}", last_lines(&log)))
    };
    loop {
        if says_healthy().unwrap_or(false) {
            return Ok(());
        }
        if let Some(status) = process.try_wait()? {
            return Err(failed(format!("etcd ended ({status})")));
        }
        if Instant::now() > late {
            let seconds = HEALTHY_WITHIN.as_secs();
            return Err(failed(format!("etcd does not answer within {seconds} s")));
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}

fn says_healthy() -> io::Result<bool> {
    let patience = Duration::from_secs(5);
    let address: SocketAddr = ETCD_HEALTH.parse().map_err(io::Error::other)?;
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    Ok(answer.contains("\"health\":\"true\""))
}
