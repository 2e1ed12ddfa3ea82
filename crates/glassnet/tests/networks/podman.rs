//! Podman's networks, as netavark makes them: published ports, two networks, one of them with IPv6, and an
//! `--internal` one.

use crate::ask::Kind;
use crate::compare::{Offer, TWO_GATEWAYS};
use crate::private_host::{Iptables, on_private_host, run};
use crate::stage::{HOST, Stage};
use std::path::Path;

/// What each container is made of: a folder with one program.
const ROOT: &str = "/run/root";

#[test]
fn by_iptables_nft() {
    on_private_host("podman::by_iptables_nft", Iptables::Nft, || networks("Podman, nft"));
}

#[test]
fn by_iptables_legacy() {
    on_private_host("podman::by_iptables_legacy", Iptables::Legacy, || networks("Podman, legacy"));
}

fn networks(network: &str) {
    let netavark = Path::new("/usr/lib/podman/netavark");
    assert!(netavark.exists(), "netavark is missing: scripts/setup test installs it");
    let mut stage = Stage::new();
    run(&format!(
        "mkdir -p {ROOT}/{{bin,proc,sys,dev,etc,run,tmp}}; cp \"$(command -v busybox)\" {ROOT}/bin/
         printf '[network]\\nnetwork_backend = \"netavark\"\\n' >/run/containers.conf"
    ));
    // Names are asked of nobody here, so no server for them is needed.
    podman("network create --disable-dns --subnet 10.91.1.0/24 alpha");
    podman("network create --disable-dns --subnet 10.91.2.0/24 --ipv6 --subnet fd91:2::/64 beta");
    podman("network create --disable-dns --internal --subnet 10.91.3.0/24 closed");
    start(&mut stage, "one", "--network alpha -p 8080:80 -p 8081:81 -p 8053:80/udp");
    start(&mut stage, "two", &format!("--network beta -p {}:9080:80", HOST[0]));
    start(&mut stage, "both", "--network alpha,beta -p 7080:80");
    start(&mut stage, "inner", "--network closed");
    let mut offers = Vec::new();
    for to in [HOST[0], HOST[1], "127.0.0.1", "10.91.1.1", "fd91:2::1"] {
        for port in [8080, 8081, 9080, 7080] {
            offers.push(Offer::new(to, Kind::Tcp(port)));
        }
        offers.push(Offer::new(to, Kind::Udp(8053)));
    }
    stage.compare(network, &offers, &[TWO_GATEWAYS]);
}

fn start(stage: &mut Stage, name: &str, how: &str) {
    podman(&format!(
        "run --quiet -d --name {name} {how} --runtime \"$(command -v runc)\" \
         --cgroups no-conmon --cgroup-parent \"$GLASSNET_POD_GROUP\" \
         --rootfs {ROOT}:O /bin/busybox sleep 600"
    ));
    let process = podman(&format!("inspect --format '{{{{.State.Pid}}}}' {name}"));
    stage.add(&format!("podman:{name}"), format!("/proc/{process}/ns/net"));
}

fn podman(command: &str) -> String {
    run(&format!(
        "export CONTAINERS_CONF=/run/containers.conf
         podman --storage-driver vfs --cgroup-manager cgroupfs {command}"
    ))
}
