//! etcd on a machine: it answers as soon as the lab is up, keeps what it was
//! told, and can be stopped and frozen by itself.

use crate::stage::Stage;

const PLAIN: &str = "
lab: shared
store: keeper
switches: { fabric: }
hosts:
  keeper:
    node: false
    etcd: true
    links: { eth0: { to: fabric, address: [192.0.2.9/24, '2001:db8::9/64'] } }
  a: { links: { eth0: { to: fabric, address: [192.0.2.1/24, '2001:db8::1/64'] } } }
";

const TLS: &str = "
lab: locked
store: keeper
switches: { fabric: }
hosts:
  a: { links: { eth0: { to: fabric, address: ['2001:db8::1/64'] } } }
  keeper:
    node: false
    etcd: { tls: true }
    links: { eth0: { to: fabric, address: [192.0.2.9/24, '2001:db8::9/64'] } }
";

/// The client of etcd that a machine with one is shown.
fn etcdctl(stage: &Stage, lab: &str, words: &str) -> (bool, String) {
    let line = format!("etcdctl --command-timeout 2s --dial-timeout 2s {words}");
    stage.attempt(&["exec", lab, "keeper", "--", "sh", "-c", &line])
}

fn must(stage: &Stage, lab: &str, words: &str) -> String {
    let (well, said) = etcdctl(stage, lab, words);
    assert!(well, "etcdctl {words}: {said}");
    said
}

#[test]
fn it_answers_on_every_address_and_keeps_what_it_was_told() {
    let stage = Stage::new();
    stage.up("shared", PLAIN);
    must(&stage, "shared", "--endpoints http://192.0.2.9:2379 put colour blue");
    let of_six = "--endpoints 'http://[2001:db8::9]:2379' get colour --print-value-only";
    assert_eq!(must(&stage, "shared", of_six), "blue\n");
    // From the other machine, by both families.
    for address in ["192.0.2.9", "[2001:db8::9]"] {
        let line = format!("busybox wget -q -O - http://{address}:2379/version");
        assert!(stage.sh("shared", "a", &line).contains("etcdserver"), "{address}");
    }

    stage.run(&["kill", "shared", "keeper"]);
    stage.run(&["start", "shared", "keeper"]);
    assert_eq!(must(&stage, "shared", "get colour --print-value-only"), "blue\n");
    assert!(stage.refused(&["start", "shared", "keeper", "--new-disk"]).contains("lab kill"));
    stage.run(&["kill", "shared", "keeper"]);
    stage.run(&["start", "shared", "keeper", "--new-disk"]);
    assert_eq!(must(&stage, "shared", "get colour --print-value-only"), "");
}

#[test]
fn nodes_are_told_where_the_store_is_and_where_they_are() {
    let stage = Stage::new();
    stage.up("shared", PLAIN);
    let asked = |stage: &Stage| stage.sh("shared", "a", "tail -n 1 /var/log/asked");
    assert_eq!(
        asked(&stage),
        "node --store etcd://192.0.2.9:2379 --name a --address 192.0.2.1,2001:db8::1\n"
    );
    // It comes back with the address it has then.
    stage.sh(
        "shared",
        "a",
        "ip address del 192.0.2.1/24 dev eth0; ip address add 192.0.2.77/24 dev eth0",
    );
    assert_eq!(stage.run(&["stop", "shared", "a", "node"]), "true\n");
    assert_eq!(stage.run(&["stop", "shared", "a", "node"]), "false\n");
    assert_eq!(stage.run(&["start", "shared", "a", "node"]), "true\n");
    assert_eq!(stage.run(&["start", "shared", "a", "node"]), "false\n");
    assert!(asked(&stage).ends_with("--address 192.0.2.77,2001:db8::1\n"));
    assert!(stage.reaches("shared", "keeper", "192.0.2.77"));
    let parent = "cut -d' ' -f4 /proc/$(cut -d' ' -f1 /run/glassnet-lab/services/node)/stat";
    assert_eq!(stage.sh("shared", "a", parent), "1\n", "it is its machine's first process's");
}

#[test]
fn a_service_is_frozen_and_stopped_by_itself() {
    let stage = Stage::new();
    stage.up("shared", PLAIN);
    let state = |stage: &Stage| {
        let labs: serde_json::Value = serde_json::from_str(&stage.run(&["ls"])).unwrap();
        labs[0]["machines"][0]["services"].to_string()
    };
    let is = |word: &str| format!("[{{\"name\":\"etcd\",\"state\":\"{word}\"}}]");
    assert_eq!(state(&stage), is("running"));
    assert_eq!(stage.run(&["freeze", "shared", "keeper", "etcd"]), "[Etcd]\n");
    assert_eq!(state(&stage), is("frozen"));
    assert!(!etcdctl(&stage, "shared", "get x").0, "a frozen etcd answers");
    assert_eq!(stage.run(&["thaw", "shared", "keeper"]), "[Etcd]\n");
    must(&stage, "shared", "put x y");

    stage.run(&["freeze", "shared", "keeper"]);
    assert_eq!(stage.run(&["stop", "shared", "keeper", "etcd"]), "true\n");
    assert_eq!(state(&stage), is("stopped"));
    assert!(!etcdctl(&stage, "shared", "get x").0, "an etcd that was stopped answers");
    assert_eq!(stage.run(&["start", "shared", "keeper", "etcd"]), "true\n");
    assert_eq!(must(&stage, "shared", "get x --print-value-only"), "y\n");

    let none = stage.refused(&["stop", "shared", "keeper", "node"]);
    assert!(none.contains("it runs: etcd"), "{none}");
    let none = stage.refused(&["freeze", "shared", "a", "etcd"]);
    assert!(none.contains("it runs: node"), "{none}");
    stage.run(&["kill", "shared", "keeper"]);
    let off = stage.refused(&["start", "shared", "keeper", "etcd"]);
    assert!(off.contains("glassnet lab start shared/keeper"), "{off}");
    assert_eq!(state(&stage), is("stopped"));
}

#[test]
fn with_tls_only_the_labs_own_clients_are_served() {
    let stage = Stage::new();
    stage.up("locked", TLS);
    let files = "--cacert /etc/glassnet/store/ca.pem --cert /etc/glassnet/store/client.pem \
                 --key /etc/glassnet/store/client.key";
    let ends = ["https://192.0.2.9:2379", "'https://[2001:db8::9]:2379'", "https://keeper:2379"];
    for (number, end) in ends.iter().enumerate() {
        must(&stage, "locked", &format!("--endpoints {end} {files} put n {number}"));
    }
    let (well, said) = etcdctl(
        &stage,
        "locked",
        "--endpoints https://192.0.2.9:2379 --cacert /etc/glassnet/store/ca.pem get n",
    );
    assert!(!well, "served without a certificate: {said}");
    assert!(!etcdctl(&stage, "locked", "--endpoints http://192.0.2.9:2379 get n").0);
    let asked = stage.sh("locked", "a", "cat /var/log/asked");
    assert_eq!(
        asked,
        "node --store etcd://[2001:db8::9]:2379 --store-ca /etc/glassnet/store/ca.pem --store-cert \
         /etc/glassnet/store/client.pem --store-key /etc/glassnet/store/client.key --name a \
         --address 2001:db8::1\n"
    );
    let modes = "stat -c '%a %U' /etc/glassnet/store/client.key /etc/glassnet/store";
    assert_eq!(stage.sh("locked", "a", modes), "600 root\n700 root\n");

    // They are the lab's, not the disk's.
    let before = stage.sh("locked", "a", "cat /etc/glassnet/store/client.pem");
    stage.run(&["kill", "locked", "a"]);
    stage.run(&["start", "locked", "a", "--new-disk"]);
    assert_eq!(stage.sh("locked", "a", "cat /etc/glassnet/store/client.pem"), before);
    let computers = std::path::Path::new("/etc/glassnet/store");
    assert!(!computers.exists(), "a machine's certificates are in the computer's /etc");
}

#[test]
fn a_network_of_all_hosts_is_made_once_and_waited_for() {
    let stage = Stage::new();
    let text = PLAIN.replace("lab: shared\n", "lab: shared\nnetworks:\n  blue: { subnet: 10.1.0.0/16, backend: vxlan, port: 4790, mtu: 1400 }\n")
        + "    networks: { own: {} }\n    containers: { web: { network: blue } }\n";
    let text = text.replace(
        "  a: { links: { eth0: { to: fabric, address: [192.0.2.1/24, '2001:db8::1/64'] } } }\n",
        "  a:\n    links: { eth0: { to: fabric, address: [192.0.2.1/24, '2001:db8::1/64'] } }\n",
    );
    stage.up("shared", &text);
    let asked = |stage: &Stage| {
        stage.sh("shared", "a", "grep -v ^node /var/log/asked | sed 's,/proc/[0-9]*/,/proc/N/,'")
    };
    let once = "network create blue --subnet 10.1.0.0/16 --mtu 1400 --backend vxlan --vxlan-port 4790\n\
                network create own --local\n\
                attach /proc/N/ns/net --network blue --name web\n";
    assert_eq!(asked(&stage), once);
    stage.run(&["kill", "shared", "a"]);
    stage.run(&["start", "shared", "a"]);
    assert_eq!(asked(&stage), format!("{once}attach /proc/N/ns/net --network blue --name web\n"));
}

/// The nodes of these tests hear nothing of one another.
#[test]
fn a_host_that_has_not_heard_of_a_network_is_named() {
    let stage = Stage::new();
    let text = PLAIN
        .replace("lab: shared\n", "lab: shared\nnetworks: { blue: { subnet: 10.1.0.0/16 } }\n")
        + "  b: { links: { eth0: { to: fabric, address: 192.0.2.2/24 } } }\n";
    let file = stage.file("shared", &text);
    let said = stage.refused(&["up", &file]);
    assert!(said.contains("\"b\" has not heard of the network \"blue\" within 20 s"), "{said}");
    assert!(!stage.labs().exists());
}

#[test]
fn without_the_program_nothing_is_made() {
    let stage = Stage::new();
    let file = stage.file("shared", PLAIN);
    if ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        .iter()
        .any(|directory| std::path::Path::new(directory).join("etcd").exists())
    {
        // Installed where every lab finds it: it cannot be missing here.
        stage.run(&["up", &file]);
        return;
    }
    let output = stage.command(&["up", &file]).env("PATH", "/nonexistent").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("package etcd-server"), "{said}");
    assert!(!stage.labs().exists());
}
