//! A container's root: busybox, and no more than it takes to run it.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::orders::{ContainerOrders, LAB_RUN};
use super::serve::BUSYBOX;
use super::{files, mounts};

const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

pub(super) fn build(orders: &ContainerOrders) -> io::Result<()> {
    let name = &orders.container.name;
    let root = Path::new(LAB_RUN).join("containers").join(name);
    mounts::make(&root, 0o755)?;
    mounts::tmpfs(&root, "mode=755")?;
    for directory in ["bin", "dev", "etc", "proc", "root", "sys", "tmp", "var", "www"] {
        mounts::make(&root.join(directory), 0o755)?;
    }
    busybox(&root.join("bin"))?;
    let dev = root.join("dev");
    mounts::tmpfs(&dev, "mode=755")?;
    for device in DEVICES {
        mounts::bind_file(&Path::new("/dev").join(device), &dev.join(device))?;
    }
    let etc = root.join("etc");
    fs::write(etc.join("hostname"), format!("{name}\n"))?;
    fs::write(etc.join("hosts"), files::hosts(&orders.hosts))?;
    fs::write(etc.join("passwd"), "root:x:0:0:root:/root:/bin/sh\n")?;
    fs::write(etc.join("group"), "root:x:0:\n")?;
    nix::unistd::sethostname(name)?;

    // The new root is put on top of the old, which is then taken away from
    // below it: pivot_root(2), "pivot_root(".", ".")".
    std::env::set_current_dir(&root)?;
    rustix::process::pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    std::env::set_current_dir("/")?;
    let none = None::<&str>;
    let usual = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), usual, none)?;
    mount(Some("sysfs"), "/sys", Some("sysfs"), usual, none)?;
    Ok(())
}

/// Busybox and a link to it for each of its programs.
fn busybox(bin: &Path) -> io::Result<()> {
    let hint = |error| {
        io::Error::other(format!(
            "a container needs {BUSYBOX} (Debian package busybox-static): {error}"
        ))
    };
    mounts::bind_file(Path::new(BUSYBOX), &bin.join("busybox")).map_err(hint)?;
    let listed = Command::new(BUSYBOX).arg("--list").output().map_err(hint)?;
    for program in String::from_utf8_lossy(&listed.stdout).lines() {
        if program != "busybox" && !program.is_empty() && !program.contains('/') {
            symlink("busybox", bin.join(program))?;
        }
    }
    Ok(())
}
