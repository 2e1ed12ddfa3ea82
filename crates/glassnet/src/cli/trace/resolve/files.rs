//! Files as a container sees them.
//!
//! They are the container's: a link in them must not lead into ours, and what is no file, or has no end,
//! is not read.

use crate::machine::Machine;
use crate::places::Kind;
use model::host::NamespaceId;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, open, openat2};
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

/// Longer than any list of hosts that is read for each question.
const MOST_BYTES: u64 = 1 << 20;

pub(super) struct Files {
    /// Where to look, in this order.
    roots: Vec<PathBuf>,
    /// A namespace of `ip netns` whose files stand in for /etc's (`ip-netns(8)`).
    named: Option<String>,
}

impl Files {
    /// Those of a process in the namespace. One that merely holds a pod's namespaces has none of its own.
    pub(super) fn of(machine: &Machine, id: &NamespaceId) -> Self {
        let own = PathBuf::from("/");
        if *id == NamespaceId::Host {
            return Self { roots: vec![own], named: None };
        }
        let comm = |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/comm"));
        let pauses = |pid: &&u32| comm(pid).is_ok_and(|comm| comm.trim_end() == "pause");
        let processes = machine.processes(id);
        let process = processes.iter().find(|pid| !pauses(pid)).or_else(|| processes.first());
        if let Some(pid) = process {
            return Self { roots: vec![format!("/proc/{pid}/root").into()], named: None };
        }
        let names = machine.names(id).iter();
        let mut named = names.filter(|name| name.kind == Kind::Netns && !name.name.contains('/'));
        Self { roots: vec![own], named: named.next().map(|name| name.name.clone()) }
    }

    /// The text of a file below `/`; empty if there is none.
    pub(super) fn read(&self, path: &str) -> String {
        let instead = self.named.as_ref().and_then(|named| {
            let file = path.strip_prefix("etc/")?;
            Some(format!("etc/netns/{named}/{file}"))
        });
        let paths = instead.into_iter().chain([path.to_owned()]);
        let mut found = paths
            .filter_map(|path| self.roots.iter().find_map(|root| text(root, &path).ok().flatten()));
        found.next().unwrap_or_default()
    }
}

fn text(root: &PathBuf, path: &str) -> std::io::Result<Option<String>> {
    let root = open(root, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat2(root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)?;
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    File::from(file).take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_no_file_of_ours() {
        let tree = tempfile::tempdir().unwrap();
        let etc = tree.path().join("etc");
        std::fs::create_dir(&etc).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", etc.join("hosts")).unwrap();
        std::fs::write(etc.join("hostname"), "theirs").unwrap();
        std::os::unix::fs::symlink("/proc/self/status", etc.join("resolv.conf")).unwrap();
        let root = tree.path().to_owned();
        assert_eq!(text(&root, "etc/hosts").unwrap().as_deref(), Some("theirs"));
        assert!(text(&root, "etc/resolv.conf").is_err());
        assert_eq!(text(&root, "etc").unwrap(), None);
        rustix::fs::mknodat(rustix::fs::CWD, etc.join("fifo"), FileType::Fifo, Mode::RUSR, 0)
            .unwrap();
        assert_eq!(text(&root, "etc/fifo").unwrap(), None);
    }
}
