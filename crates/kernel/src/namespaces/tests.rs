//! Namespaces with and without names, of which the tests make some of their own.

use super::*;
use crate::capture::links;
use crate::testing::Place;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::mkfifo;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// Runs `work` on a thread with mounts of its own and an empty `/run`.
fn with_own_mounts<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let thread = || {
        unshare(CloneFlags::CLONE_NEWNS).expect("the kernel crate's tests need root");
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
        mount(none, "/run", Some("tmpfs"), MsFlags::empty(), none).unwrap();
        work()
    };
    std::thread::scope(|scope| {
        scope.spawn(thread).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn run(command: &str) {
    let mut words = command.split(' ');
    let status = Command::new(words.next().unwrap()).args(words).status().unwrap();
    assert!(status.success(), "{command}");
}

/// A process that has done what it was told to and stays until it is dropped, or the test ends.
struct Stays(Child);

impl Stays {
    fn after(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        // It reads until this is closed.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn find(inode: u64) -> Option<Found> {
    all().unwrap().into_iter().find(|found| found.inode == inode)
}

fn has_marker(found: &Found) -> bool {
    links(found.namespace.as_fd()).unwrap().iter().any(|link| link.name == "marker")
}

#[test]
fn a_namespace_without_a_name_is_found_by_its_processes() {
    let place = Place::new();
    place.run("ip link add marker type bridge");
    let inode = place.namespace.inode().unwrap();
    assert!(find(inode).is_none(), "only a descriptor holds it");
    let start = || Stays::after(Command::new("sh").args(["-c", "echo ready; read x"]));
    let inhabitants = netns::within(place.namespace.as_fd(), || [start(), start()]).unwrap();
    let found = find(inode).unwrap();
    let mut pids: Vec<_> = inhabitants.iter().map(|process| process.0.id()).collect();
    pids.sort_unstable();
    assert_eq!((&found.processes, &found.paths), (&pids, &vec![]));
    assert!(has_marker(&found));
    drop(inhabitants);
    assert!(find(inode).is_none());
    // It is held as long as what was found.
    assert!(has_marker(&found));
}

#[test]
fn the_thread_s_own_namespace_is_among_them() {
    let own = find(NetNs::current().unwrap().inode().unwrap()).unwrap();
    assert!(own.processes.contains(&std::process::id()));
    assert!(own.processes.is_sorted());
    let inodes: Vec<_> = all().unwrap().iter().map(|found| found.inode).collect();
    assert!(inodes.is_sorted_by(|one, next| one < next));
}

#[test]
fn a_namespace_without_processes_is_found_by_its_name() {
    with_own_mounts(|| {
        run("ip netns add blue");
        run("ip -n blue link add marker type bridge");
        let inode = NetNs::named("blue").unwrap().inode().unwrap();
        let found = find(inode).unwrap();
        let blue = Bound { path: "/run/netns/blue".into(), through: None };
        assert_eq!((&found.processes, &found.paths), (&vec![], &vec![blue]));
        assert!(has_marker(&found));
    });
}

#[test]
fn what_is_bound_only_inside_another_mount_namespace_is_found_through_a_process() {
    let script = "set -e
        mount -t tmpfs none /run
        ip netns add inner
        ip -n inner link add marker type bridge
        mkdir '/run/a b'
        touch '/run/a b/c'
        mount --bind /run/netns/inner '/run/a b/c'
        echo ready
        read x";
    let other = Stays::after(Command::new("unshare").args(["--mount", "sh", "-c", script]));
    let through = Some(other.0.id());
    let there = |found: &Found| found.paths.iter().any(|bound| bound.through == through);
    let found = all().unwrap().into_iter().find(there).unwrap();
    let bound = |path: &str| Bound { path: path.into(), through };
    assert_eq!(found.paths, [bound("/run/netns/inner"), bound("/run/a b/c")]);
    assert_eq!(found.processes, [0; 0]);
    assert!(has_marker(&found));
    // Another mount namespace that has a copy says nothing new.
    let process = other.0.id().to_string();
    let copy = ["--mount", "--target", &process, "unshare", "--mount", "sh", "-c"];
    let copy = Stays::after(Command::new("nsenter").args(copy).arg("echo ready; read x"));
    assert_eq!(find(found.inode).unwrap().paths.len(), 2);
    drop((other, copy));
    assert!(find(found.inode).is_none());
}

#[test]
fn many_are_looked_at_in_their_order() {
    for count in [0, 1, FEW, FEW + 1, 10 * FEW + 7] {
        let all: Vec<_> = (0..count).collect();
        let twice: Vec<_> = all.iter().map(|number| number * 2).collect();
        assert_eq!(on_each(&all, |number| number * 2), twice);
    }
}

#[test]
fn what_lies_at_a_path_instead_is_not_opened() {
    with_own_mounts(|| {
        run("ip netns add blue");
        mkfifo("/run/fifo", nix::sys::stat::Mode::S_IRWXU).unwrap();
        std::os::unix::fs::symlink("/run/netns/blue", "/run/link").unwrap();
        run("touch /run/file /run/mnt");
        run("mount --bind /proc/self/ns/uts /run/mnt");
        let open = |path: &str| by_path(&Bound { path: path.into(), through: None });
        assert!(open("/run/netns/blue").is_ok());
        for path in ["/run/fifo", "/run/link", "/run/file", "/run/mnt", "/run/nothing"] {
            assert!(open(path).is_err(), "{path}");
        }
    });
}
