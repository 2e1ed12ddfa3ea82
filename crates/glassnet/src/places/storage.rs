//! Containers of Podman and pods of CRI-O, which keep theirs in the same storage:
//! `/run/containers/storage/overlay-containers/ID/userdata` has the first process, the same below
//! `/var/lib` (of CRI-O, below /run) the OCI configuration, `containers.json` there the names.

use super::containerd::namespace_of;
use super::{Add, Kind, Root};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

const DRIVERS: [&str; 3] = ["overlay", "vfs", "btrfs"];

pub(super) fn names(root: &Root, add: Add<'_>) {
    for driver in DRIVERS {
        let running = root.join(&format!("/run/containers/storage/{driver}-containers"));
        let Ok(entries) = fs::read_dir(&running) else { continue };
        let names = known(root, driver);
        for id in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
            let data = running.join(&id).join("userdata");
            let stored = format!("/var/lib/containers/storage/{driver}-containers/{id}/userdata");
            let folders = [data.clone(), root.join(&stored)];
            let bytes = folders.iter().find_map(|folder| fs::read(folder.join("config.json")).ok());
            let config = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            let Some(config) = config else { continue };
            let Some(inode) = namespace_of(root, &config, &data.join("pidfile")) else { continue };
            let note = |name: &str| config["annotations"][name].as_str();
            let pod = note("io.kubernetes.pod.namespace").zip(note("io.kubernetes.pod.name"));
            let (kind, name) = match pod {
                Some((namespace, pod)) => (Kind::Pod, format!("{namespace}/{pod}")),
                None => (Kind::Podman, names.get(&id).unwrap_or(&id).clone()),
            };
            add(inode, kind, format!("{}{name}", root.prefix));
        }
    }
}

/// Names by id.
fn known(root: &Root, driver: &str) -> BTreeMap<String, String> {
    let path = format!("/var/lib/containers/storage/{driver}-containers/containers.json");
    let list = fs::read(root.join(&path)).ok();
    let list: Option<Vec<Value>> = list.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let named = list.unwrap_or_default();
    let named = named.iter().filter_map(|container| {
        let (id, name) = (container["id"].as_str()?, container["names"][0].as_str()?);
        Some((id.to_owned(), name.to_owned()))
    });
    named.collect()
}
