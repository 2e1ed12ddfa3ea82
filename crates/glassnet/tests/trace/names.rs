//! What FROM and TO mean.

use crate::stage::{GLASSNET, Stage};
use std::io::Write as _;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsFd as _;
use std::thread;

/// A process in `a` that sees other files, as a container does.
fn with_files(stage: &mut Stage, hosts: &str, servers: &str) -> (tempfile::TempDir, u32) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [("hosts", hosts), ("resolv.conf", servers)] {
        let mut file = std::fs::File::create(directory.path().join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
    let path = directory.path().display().to_string();
    let pid = stage.wait_with(&format!(
        "exec ip netns exec $a unshare -m sh -ec 'mount --bind {path}/hosts /etc/hosts; \
         mount --bind {path}/resolv.conf /etc/resolv.conf; exec sleep 1000'"
    ));
    let own = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    crate::stage::until("the files are there", || {
        std::fs::read_to_string(format!("/proc/{pid}/root/etc/hosts")).is_ok_and(|text| text != own)
            && std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|c| c == "sleep\n")
    });
    (directory, pid)
}

#[test]
fn a_name_of_the_containers_own_hosts_file() {
    let mut stage = Stage::new("hosts");
    let (_files, pid) = with_files(&mut stage, "10.9.2.2 db db.example\nfd09:2::2 db\n", "");
    let wanted = ["db is 10.9.2.2, by /etc/hosts of netns:", "10.9.2.2 (db)", "delivered"];
    stage.trace("$a db").says(0, &wanted);
    stage.trace("$a DB.example").says(0, &["10.9.2.2"]);
    stage.trace("$a db -6").says(0, &["db is fd09:2::2"]);
    // The same namespace by a process in it.
    stage.trace(&format!("{pid} db")).says(0, &wanted);
    stage.trace("$a other").says(1, &["[no-place]", "other is no place here", "names no server"]);
    stage.trace("$a not..a.name").says(1, &["[no-place]", "that is no host name"]);
}

/// The answer to one question: an alias, and an address behind it.
fn answer(question: &[u8], address: Option<Ipv4Addr>) -> Vec<u8> {
    let code = if address.is_some() { 0x80 } else { 0x83 };
    let mut bytes =
        [&question[..2], &[0x81, code, 0, 1, 0, 0, 0, 0, 0, 0], &question[12..]].concat();
    if let Some(address) = address {
        bytes[7] = 2;
        // Both names are the question's, by a pointer to it.
        bytes.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12]);
        bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]);
        bytes.extend(address.octets());
    }
    bytes
}

#[test]
fn a_name_that_a_server_knows_asked_from_within() {
    let mut stage = Stage::new("servers");
    let configuration = "search x.example y.example\nnameserver 10.9.2.2\n";
    let _files = with_files(&mut stage, "127.0.0.1 localhost\n", configuration);
    let there = kernel::NetNs::named(&stage.called("b")).unwrap();
    let bind = || UdpSocket::bind("10.9.2.2:53").unwrap();
    let server = kernel::netns::within(there.as_fd(), bind).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, asker)) = server.recv_from(&mut buffer) {
            let question = &buffer[..length];
            let is =
                |name: &[u8]| question[12..].starts_with(name) && question.ends_with(&[0, 1, 0, 1]);
            let known = is(b"\x02db\x01y\x07example\0").then_some(Ipv4Addr::new(10, 9, 2, 2));
            let _ = server.send_to(&answer(question, known), asker);
        }
    });
    let wanted = "db.y.example is 10.9.2.2, says 10.9.2.2, the name server of netns:";
    stage.trace("$a db").says(0, &[wanted, "10.9.2.2 (db)"]);
    stage.trace("$a nowhere").says(1, &["[no-place]", "10.9.2.2 knows no such name"]);
    stage.sh("ip -n $b link set eth0 down");
    stage.trace("$a db").says(1, &["[no-place]", "10.9.2.2"]);
}

/// Two pods of one name. The files of the engine are those of a private /run.
#[test]
fn a_name_that_several_have() {
    let stage = Stage::new("unclear");
    let config = |namespace: &str, end: &str| {
        format!(
            r#"{{"annotations": {{"io.kubernetes.cri.sandbox-namespace": "{namespace}",
               "io.kubernetes.cri.sandbox-name": "db"}},
               "linux": {{"namespaces": [{{"type": "network", "path": "/run/netns/{}"}}]}}}}"#,
            stage.called(end)
        )
    };
    let trace = |words: &str| {
        let line = format!(
            "t=$(mktemp -d); mount -t tmpfs none $t; mkdir $t/run $t/netns
             mount --rbind /run/netns $t/netns; mount -t tmpfs none /run; mkdir /run/netns
             mount --rbind $t/netns /run/netns
             for pod in default test; do
               d=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$pod; mkdir -p $d
               eval echo '\"$'$pod'\"' > $d/config.json
             done
             exec $glassnet trace {words}"
        );
        let inner = ["-m", "sh", "-ec", &line];
        let mut command = std::process::Command::new("unshare");
        command.args(inner).env("glassnet", GLASSNET).env_remove("LANG").env_remove("LC_ALL");
        command.env("default", config("default", "a")).env("test", config("test", "b"));
        let output = command.output().unwrap();
        (output.status.code(), crate::stage::text(&output))
    };
    for words in ["db 10.9.1.1", "host db"] {
        let (code, said) = trace(words);
        assert_eq!(code, Some(1), "{said}");
        for wanted in ["[no-place]", "pod:default/db", "pod:test/db"] {
            assert!(said.contains(wanted), "{words}: {said}");
        }
    }
    let (code, said) = trace("pod:default/db test/db");
    assert_eq!(code, Some(0), "{said}");
    for wanted in ["pod:default/db to 10.9.2.2 (pod:test/db)", "  pod:test/db\n"] {
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn what_nobody_is_called() {
    let stage = Stage::new("strange");
    stage.trace("nobody 10.9.2.2").says(1, &["[no-place]", "\"nobody\"", &stage.called("a")]);
    stage.trace("eth0@$a 10.9.2.2").says(1, &["[no-place]"]);
    stage.trace("198.51.100.7 10.9.2.2").says(1, &["[no-place]", "--in"]);
    stage.trace("$a 10.9.2.2 -6").says(2, &["[usage]", "10.9.2.2 is no IPv6 address"]);
    stage.sh("ip -n $b addr del fd09:2::2/64 dev eth0");
    stage.trace("$a $b -6").says(1, &["[no-address]", "has no IPv6 address; it has 10.9.2.2"]);
}
