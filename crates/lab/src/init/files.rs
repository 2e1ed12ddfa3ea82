//! The files that tell a machine who it is.
//!
//! They are written to the machine's own /etc (an overlay), so the computer's
//! files are not touched. The boot id is a file of the kernel's; ours is bound
//! over it.

use std::fmt::Write;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::mounts;
use super::orders::{LAB_RUN, MachineOrders};

pub(super) fn machine(orders: &MachineOrders) -> io::Result<()> {
    let name = &orders.machine.name;
    nix::unistd::sethostname(name)?;
    let etc = Path::new("/etc");
    replace(&etc.join("hostname"), &format!("{name}\n"))?;
    replace(&etc.join("hosts"), &hosts(&orders.hosts))?;
    replace(&etc.join("resolv.conf"), "# a lab has no name server of its own\n")?;
    replace(&etc.join("machine-id"), &format!("{}\n", orders.machine_id))?;
    for (path, text) in &orders.secrets {
        secret(path, text)?;
    }

    let boot_id = Path::new(LAB_RUN).join("boot_id");
    fs::write(&boot_id, format!("{}\n", orders.boot_id))?;
    mounts::bind(&boot_id, Path::new("/proc/sys/kernel/random/boot_id"))
}

pub(super) fn hosts(hosts: &[(IpAddr, String)]) -> String {
    let mut text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n".to_owned();
    for (address, name) in hosts {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{address}\t{name}");
    }
    text
}

/// Writes a file anew; a symbolic link there is replaced, not followed.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::write(path, text)
}

/// Writes a file that only root may read.
fn secret(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        mounts::make(directory, 0o700)?;
    }
    replace(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

/// Switches and cables only pass frames on: no addresses of their own, and no
/// firewall in between.
pub(super) fn quiet_fabric() -> io::Result<()> {
    for (name, value) in [
        ("ipv6/conf/all/disable_ipv6", "1"),
        ("ipv6/conf/default/disable_ipv6", "1"),
        ("bridge/bridge-nf-call-iptables", "0"),
        ("bridge/bridge-nf-call-ip6tables", "0"),
        ("bridge/bridge-nf-call-arptables", "0"),
    ] {
        let path = Path::new("/proc/sys/net").join(name);
        // A kernel without IPv6 or br_netfilter has nothing to be silenced.
        if path.exists() {
            fs::write(path, value)?;
        }
    }
    Ok(())
}
