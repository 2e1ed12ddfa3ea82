//! Containers of containerd, and of Docker, which runs them through it.
//!
//! `/run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID` has the OCI configuration and the first
//! process; a pod's names are in the annotations that its CRI plugin writes. Docker keeps its names in
//! its own directory. A containerd whose state is elsewhere is found by its shims, which work in these
//! directories.

use super::{Add, Kind, Root, inode, inode_of};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const TASKS: [&str; 2] = [
    "/run/containerd/io.containerd.runtime.v2.task",
    "/run/docker/containerd/daemon/io.containerd.runtime.v2.task",
];
/// What its shims are called; the kernel keeps 15 bytes of a name.
const SHIM: &str = "containerd-shim";
/// Docker's namespace in containerd.
const MOBY: &str = "moby";

pub(super) fn names(root: &Root, shims: &[Shim], add: Add<'_>) {
    let mut namespaces: Vec<(String, PathBuf)> = elsewhere(root, shims);
    for namespace in TASKS.iter().flat_map(|tasks| entries(&root.join(tasks))) {
        if let Some(name) = namespace.file_name().and_then(|name| name.to_str()) {
            namespaces.push((name.to_owned(), namespace.clone()));
        }
    }
    for (of, namespace) in namespaces {
        for task in entries(&namespace) {
            let Some(id) = task.file_name().and_then(|name| name.to_str()) else { continue };
            if let Some((inode, kind, name)) = task_of(root, &of, &task, id) {
                add(inode, kind, format!("{}{name}", root.prefix));
            }
        }
    }
}

/// A process between containerd and a container. It works in the directory of its first task.
pub(super) struct Shim {
    process: PathBuf,
    mounts: Option<u64>,
}

/// All of this machine.
pub(super) fn shims() -> Vec<Shim> {
    let shims = entries(Path::new("/proc")).into_iter().filter(|process| {
        fs::read_to_string(process.join("comm")).is_ok_and(|command| command.starts_with(SHIM))
    });
    shims.map(|process| Shim { mounts: inode(&process.join("ns/mnt")), process }).collect()
}

/// The namespaces of containerds that keep their state elsewhere, and the directory of each, as its
/// shims lead there.
fn elsewhere(root: &Root, shims: &[Shim]) -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    let mut known: Vec<PathBuf> = TASKS.iter().map(PathBuf::from).collect();
    for Shim { process, .. } in shims.iter().filter(|shim| shim.mounts == root.mounts) {
        let Ok(bundle) = fs::read_link(process.join("cwd")) else { continue };
        let Some(namespace) = bundle.parent() else { continue };
        if known.iter().any(|known| namespace.starts_with(known)) {
            continue;
        }
        known.push(namespace.to_owned());
        let name = namespace.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        found.push((name.to_owned(), process.join("cwd/..")));
    }
    found
}

fn entries(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn task_of(root: &Root, of: &str, task: &Path, id: &str) -> Option<(u64, Kind, String)> {
    let config: Value = serde_json::from_slice(&fs::read(task.join("config.json")).ok()?).ok()?;
    let note = |name: &str| config["annotations"][name].as_str();
    let inode = namespace_of(root, &config, &task.join("init.pid"))?;
    if of == MOBY {
        return Some((inode, Kind::Docker, docker_name(root, id).unwrap_or_else(|| short(id))));
    }
    if let (Some(namespace), Some(pod)) =
        (note("io.kubernetes.cri.sandbox-namespace"), note("io.kubernetes.cri.sandbox-name"))
    {
        return Some((inode, Kind::Pod, format!("{namespace}/{pod}")));
    }
    let name = note("nerdctl/name").map_or_else(|| id.to_owned(), str::to_owned);
    Some((inode, Kind::Containerd, name))
}

/// The network namespace that a configuration names, else that of the first process; `None` for a
/// container in its host's.
pub(super) fn namespace_of(root: &Root, config: &Value, pid: &Path) -> Option<u64> {
    let namespaces = config["linux"]["namespaces"].as_array()?;
    let network = namespaces.iter().find(|namespace| namespace["type"] == "network")?;
    if let Some(path) = network["path"].as_str().filter(|path| !path.is_empty()) {
        return root.inode(Path::new(path));
    }
    // In another tree the process has another number.
    let own = root.path == Path::new("/");
    let pid = fs::read_to_string(pid).ok()?.trim().parse().ok()?;
    own.then(|| inode_of(pid)).flatten()
}

fn docker_name(root: &Root, id: &str) -> Option<String> {
    let path = root.join(&format!("/var/lib/docker/containers/{id}/config.v2.json"));
    let config: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    Some(config["Name"].as_str()?.trim_start_matches('/').to_owned())
}

/// As engines shorten an id.
fn short(id: &str) -> String {
    id.chars().take(12).collect()
}
