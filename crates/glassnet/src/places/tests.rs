//! What names mean, with namespaces made up.

use super::*;

fn place(inode: u64, names: &[(Kind, &str)]) -> Namespace {
    let names = names.iter().map(|(kind, name)| Name { kind: *kind, name: (*name).to_owned() });
    let namespace = NetNs::by_path("/proc/self/ns/net").unwrap();
    Namespace { inode, namespace, names: names.collect(), processes: Vec::new() }
}

fn places() -> Places {
    Places(vec![
        place(1, &[(Kind::Host, "host")]),
        place(2, &[(Kind::Container, "web"), (Kind::Netns, "web")]),
        place(3, &[(Kind::Pod, "default/db")]),
        place(4, &[(Kind::Pod, "test/db"), (Kind::Netns, "cni-7")]),
        place(5, &[(Kind::Lab, "pair/alpha")]),
        place(6, &[(Kind::Lab, "pair/alpha/web")]),
        place(7, &[(Kind::Process, "sleep[77]")]),
    ])
}

#[test]
fn a_name_means_one_place() {
    let places = places();
    let find = |word: &str| {
        let wanted = places.find(word, |link| link == "eth0");
        wanted.map(|wanted| (wanted.inode, wanted.link)).map_err(|no| match no {
            NoPlace::Unknown { .. } => "unknown".to_owned(),
            NoPlace::Unclear { any, .. } => any.join(" "),
        })
    };
    let link = |inode, link: &str| Ok((inode, Some(link.to_owned())));
    for (word, wanted) in [
        ("host", Ok((1, None))),
        // The whole name goes before the end of another.
        ("web", Ok((2, None))),
        ("netns:web", Ok((2, None))),
        ("lab:web", Ok((6, None))),
        ("alpha/web", Ok((6, None))),
        ("alpha", Ok((5, None))),
        ("test/db", Ok((4, None))),
        ("pod:default/db", Ok((3, None))),
        ("db", Err("pod:default/db pod:test/db".to_owned())),
        ("eth0", link(1, "eth0")),
        ("eth1", Err("unknown".to_owned())),
        ("eth1@alpha", link(5, "eth1")),
        ("eb", Err("unknown".to_owned())),
        ("docker:web", Err("unknown".to_owned())),
        ("sleep[77]", Ok((7, None))),
        ("/nowhere", Err("unknown".to_owned())),
    ] {
        assert_eq!(find(word), wanted, "{word}");
    }
}

/// An engine's files, as far as they are read.
#[test]
fn engines_are_read_by_their_files() {
    let tree = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for name in ["cni-1", "moby-1", "podman-1"] {
        write(&format!("run/netns/{name}"), "");
    }
    let config = |netns: &str, notes: &str| {
        format!(
            r#"{{"annotations": {{{notes}}}, "linux": {{"namespaces": [{{"type": "pid"}},
               {{"type": "network", "path": "/run/netns/{netns}"}}]}}}}"#
        )
    };
    let pod = r#""io.kubernetes.cri.sandbox-namespace": "default",
        "io.kubernetes.cri.sandbox-name": "db""#;
    let tasks = "run/containerd/io.containerd.runtime.v2.task";
    write(&format!("{tasks}/k8s.io/abc/config.json"), &config("cni-1", pod));
    write(&format!("{tasks}/moby/def/config.json"), &config("moby-1", ""));
    write(&format!("{tasks}/moby/bad/config.json"), "{");
    // In its host's namespace.
    let host = r#"{"linux": {"namespaces": [{"type": "pid"}]}}"#;
    write(&format!("{tasks}/default/host/config.json"), host);
    write("var/lib/docker/containers/def/config.v2.json", r#"{"Name": "/shop"}"#);
    write(
        "run/containers/storage/overlay-containers/x1/userdata/config.json",
        &config("podman-1", ""),
    );
    write(
        "var/lib/containers/storage/overlay-containers/containers.json",
        r#"[{"id": "x1", "names": ["cache"]}]"#,
    );
    let root = Root { path: tree.path().to_owned(), prefix: "far/".to_owned(), mounts: None };
    let mut found = Vec::new();
    let mut add = |inode: u64, kind: Kind, name: String| found.push((inode, kind, name));
    containerd::names(&root, &[], &mut add);
    storage::names(&root, &mut add);
    found.sort();
    let inode = |name: &str| inode(&tree.path().join("run/netns").join(name)).unwrap();
    let mut wanted = vec![
        (inode("cni-1"), Kind::Pod, "far/default/db".to_owned()),
        (inode("moby-1"), Kind::Docker, "far/shop".to_owned()),
        (inode("podman-1"), Kind::Podman, "far/cache".to_owned()),
    ];
    wanted.sort();
    assert_eq!(found, wanted);
}
