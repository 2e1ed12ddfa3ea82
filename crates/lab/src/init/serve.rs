//! What a machine or container runs once its network is there.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::child;
use super::mounts;
use super::orders::{ContainerOrders, LAB_RUN, MachineOrders};
use super::service;
use crate::topology::Page;

pub(super) const BUSYBOX: &str = "/bin/busybox";

pub(super) fn machine(orders: &MachineOrders) -> io::Result<()> {
    for orders in &orders.services {
        service::start(orders)?;
    }
    pages(&orders.machine.serve, &Path::new(LAB_RUN).join("www"))
}

pub(super) fn container(orders: &ContainerOrders) -> io::Result<()> {
    pages(&orders.container.serve, Path::new("/www"))?;
    let Some((program, arguments)) = orders.container.command.split_first() else { return Ok(()) };
    child(program)
        .args(arguments)
        .spawn()
        .map(drop)
        .map_err(|error| io::Error::other(format!("cannot run {program}: {error}")))
}

/// Busybox's httpd listens on IPv6 and IPv4 alike.
fn pages(pages: &[Page], directory: &Path) -> io::Result<()> {
    for page in pages {
        let root = directory.join(page.port.to_string());
        mounts::make(&root, 0o755)?;
        fs::write(root.join("index.html"), format!("{}\n", page.text))?;
        child(BUSYBOX)
            .args(["httpd", "-f", "-p", &page.port.to_string(), "-h"])
            .arg(&root)
            .spawn()
            .map_err(|error| {
                io::Error::other(format!("{BUSYBOX} (Debian package busybox-static): {error}"))
            })?;
    }
    for page in pages {
        wait_for_listener(page.port)?;
    }
    Ok(())
}

/// Waits until somebody listens on a TCP port, so that a lab that is up can
/// be asked at once.
fn wait_for_listener(port: u16) -> io::Result<()> {
    let late = Instant::now() + Duration::from_secs(5);
    while Instant::now() < late {
        let listens = ["/proc/net/tcp6", "/proc/net/tcp"].iter().any(|sockets| {
            fs::read_to_string(sockets).is_ok_and(|sockets| is_listened_on(&sockets, port))
        });
        if listens {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Err(io::Error::other(format!("{BUSYBOX} httpd does not listen on port {port}")))
}

/// Looks through `/proc/net/tcp`: the local address is the second field, the
/// state the fourth, and 0A means LISTEN.
fn is_listened_on(sockets: &str, port: u16) -> bool {
    sockets.lines().any(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().take(4).collect();
        matches!(fields[..], [_, local, _, "0A"] if local.ends_with(&format!(":{port:04X}")))
    })
}
