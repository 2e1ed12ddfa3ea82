//! What a machine sees of the file system.
//!
//! The computer's disk stays in view, so that its programs can be run, but all
//! that a running system keeps for itself is the machine's own:
//!
//! | path | is |
//! |---|---|
//! | /run | a tmpfs; the lab's own things in /run/glassnet-lab |
//! | /var | kept on disk in the lab's directory, also through a power cut |
//! | /proc, /sys | mounted anew, /sys/fs/cgroup bound back into it |
//! | /etc, /opt | the computer's, changes go to memory (overlay on the tmpfs) |
//! | /etc/cni/net.d, /opt/cni | empty |
//! | /dev/shm, /dev/mqueue | the machine's own |
//!
//! Order matters: what hides a path must come after what is bound from it. So
//! all is put together on the tmpfs first, which then moves to /run.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::orders::{LAB_RUN, MachineOrders};

const NOTHING: Option<&str> = None;

pub(super) fn make_private() -> io::Result<()> {
    Ok(mount(NOTHING, "/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING)?)
}

pub(super) fn machine(orders: &MachineOrders) -> io::Result<()> {
    let run = orders.directory.join("run");
    tmpfs(&run, "mode=755")?;
    let lab = run.join("glassnet-lab");
    make(&lab.join("bin"), 0o755)?;
    show_program(&lab.join("bin/glassnet"))?;
    for (name, program) in &orders.programs {
        bind_file(program, &lab.join("bin").join(name))?;
    }

    let var = orders.directory.join("var");
    furnish_var(&var)?;
    let var_held = lab.join("var");
    make(&var_held, 0o755)?;
    bind(&var, &var_held)?;

    detach_below("/run", &orders.directory)?;
    // A lab kept below /run is only covered: what is still to be moved from
    // there would be taken away with it.
    if !orders.directory.starts_with("/run") {
        make_room(Path::new("/run"))?;
    }
    shift(&run, Path::new("/run"))?;
    make_room(Path::new("/var"))?;
    shift(&Path::new(LAB_RUN).join("var"), Path::new("/var"))?;
    make(Path::new("/run/lock"), 0o1777)?;

    sys()?;
    fresh_proc()?;
    for (directory, hidden) in [("etc", "cni/net.d"), ("opt", "cni")] {
        let path = Path::new("/").join(directory);
        if path.is_dir() {
            overlay(&path, &Path::new(LAB_RUN).join(directory))?;
            let hidden = path.join(hidden);
            make(&hidden, 0o755)?;
            tmpfs(&hidden, "mode=755")?;
        }
    }
    if Path::new("/dev/shm").is_dir() {
        tmpfs(Path::new("/dev/shm"), "mode=1777")?;
    }
    if Path::new("/dev/mqueue").is_dir() {
        // Absent from kernels without POSIX queues, where nobody misses it.
        let _ = mount(Some("mqueue"), "/dev/mqueue", Some("mqueue"), MsFlags::empty(), NOTHING);
    }
    Ok(())
}

/// Shows the machine this very program. By its path, since `/proc/self/exe`
/// leads into the mount namespace it was started from, where nothing can be
/// bound from; if it was replaced on disk since, by a copy.
fn show_program(inside: &Path) -> io::Result<()> {
    let program = std::env::current_exe()?;
    if program.is_file() {
        return bind_file(&program, inside);
    }
    fs::copy("/proc/self/exe", inside)?;
    fs::set_permissions(inside, Permissions::from_mode(0o755))
}

/// The directories every system expects below /var.
fn furnish_var(var: &Path) -> io::Result<()> {
    fs::set_permissions(var, Permissions::from_mode(0o755))?;
    for directory in ["lib", "lib/glassnet", "lib/cni", "log", "cache", "spool"] {
        make(&var.join(directory), 0o755)?;
    }
    make(&var.join("tmp"), 0o1777)?;
    for (name, to) in [("run", "/run"), ("lock", "/run/lock")] {
        let link = var.join(name);
        if !link.is_symlink() {
            symlink(to, link)?;
        }
    }
    Ok(())
}

/// A sysfs that shows this network namespace, with the cgroups kept: engines
/// look for them, and a fresh sysfs has none.
fn sys() -> io::Result<()> {
    let held = Path::new(LAB_RUN).join("sys");
    make(&held, 0o755)?;
    named("sysfs", &held, mount(Some("sysfs"), &held, Some("sysfs"), usual(), NOTHING))?;
    if Path::new("/sys/fs/cgroup").is_dir() {
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        let to = held.join("fs/cgroup");
        named("bind", &to, mount(Some("/sys/fs/cgroup"), &to, NOTHING, flags, NOTHING))?;
    }
    if held.join("fs/bpf").is_dir() {
        // Only programs that pin BPF objects need it; each mount is its own.
        let _ = mount(Some("bpf"), &held.join("fs/bpf"), Some("bpf"), usual(), NOTHING);
    }
    make_room(Path::new("/sys"))?;
    shift(&held, Path::new("/sys"))
}

/// A /proc that shows this PID namespace.
pub(super) fn fresh_proc() -> io::Result<()> {
    make_room(Path::new("/proc"))?;
    named("proc", Path::new("/proc"), mount(Some("proc"), "/proc", Some("proc"), usual(), NOTHING))
}

/// The directory as it is, with all changes kept in memory.
fn overlay(directory: &Path, layers: &Path) -> io::Result<()> {
    let (upper, work) = (layers.join("upper"), layers.join("work"));
    make(&upper, 0o755)?;
    make(&work, 0o755)?;
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        directory.display(),
        upper.display(),
        work.display()
    );
    let flags = MsFlags::empty();
    let made = mount(Some("overlay"), directory, Some("overlay"), flags, Some(options.as_str()));
    named("overlay", directory, made)
}

/// Takes away what is mounted on a path, and below it, unless it is needed to
/// get at `keep`.
fn detach_below(path: &str, keep: &Path) -> io::Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let below: Vec<PathBuf> = (mounts.lines())
        .filter_map(|line| line.split(' ').nth(4))
        .map(|point| PathBuf::from(point.replace("\\040", " ")))
        .filter(|point| point.starts_with(path) && !keep.starts_with(point))
        .filter(|point| !point.starts_with(keep))
        .collect();
    for point in below.iter().rev() {
        // Detaching one takes those below it along; then they are not found.
        let _ = umount2(point, MntFlags::MNT_DETACH);
    }
    Ok(())
}

/// Detaches the mounts that cover a path, so that nothing hides beneath ours.
fn make_room(path: &Path) -> io::Result<()> {
    if !path.is_dir() {
        let what = format!("{} is not there to be mounted on", path.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, what));
    }
    for _ in 0..8 {
        if umount2(path, MntFlags::MNT_DETACH).is_err() {
            break;
        }
    }
    Ok(())
}

/// Says which mount it was that failed.
fn named(what: &str, path: &Path, made: nix::Result<()>) -> io::Result<()> {
    made.map_err(|error| {
        io::Error::other(format!("mount ({what}) on {}: {}", path.display(), error.desc()))
    })
}

fn usual() -> MsFlags {
    MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC
}

pub(super) fn tmpfs(path: &Path, options: &str) -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    named("tmpfs", path, mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some(options)))
}

pub(super) fn bind(from: &Path, to: &Path) -> io::Result<()> {
    named("bind", to, mount(Some(from), to, NOTHING, MsFlags::MS_BIND, NOTHING))
}

/// Binds a file over a new, empty one.
pub(super) fn bind_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::write(to, "")?;
    bind(from, to)
}

/// Moves a mount.
fn shift(from: &Path, to: &Path) -> io::Result<()> {
    named("move", to, mount(Some(from), to, NOTHING, MsFlags::MS_MOVE, NOTHING))
}

/// Makes a directory, and those above it, with exactly this mode.
pub(super) fn make(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}
