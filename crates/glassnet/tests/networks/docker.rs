//! Docker's networks: published ports, two networks, an `--internal` one, and one whose containers may not
//! reach each other. Once with the program that serves published ports to the host itself (docker-proxy),
//! as Docker is set up by default, and once without.

use crate::ask::Kind;
use crate::compare::Offer;
use crate::private_host::{Iptables, attempt, on_private_host, run, text};
use crate::stage::{HOST, Stage};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LOG: &str = "/var/log/dockerd.log";

#[test]
fn by_iptables_nft() {
    let work = || networks("Docker, nft", true);
    on_private_host("docker::by_iptables_nft", Iptables::Nft, work);
}

#[test]
fn by_iptables_legacy() {
    let work = || networks("Docker, legacy, without its proxy", false);
    on_private_host("docker::by_iptables_legacy", Iptables::Legacy, work);
}

fn networks(network: &str, proxy: bool) {
    let mut stage = Stage::new();
    let _daemon = start(proxy);
    run("mkdir -p /run/root/{bin,proc,sys,dev,etc,tmp}; cp \"$(command -v busybox)\" /run/root/bin/
         tar -C /run/root -c . | docker import - box >/dev/null
         docker network create --subnet 10.92.1.0/24 --gateway 10.92.1.1 alpha
         docker network create --subnet 10.92.2.0/24 --gateway 10.92.2.1 beta
         docker network create --internal --subnet 10.92.3.0/24 closed
         docker network create --subnet 10.92.4.0/24 -o com.docker.network.bridge.enable_icc=false strict");
    begin("one", "--network alpha -p 8080:80 -p 8081:81 -p 8053:80/udp");
    begin("two", &format!("--network beta -p {}:9080:80", HOST[0]));
    begin("both", "--network alpha -p 7080:80");
    run("docker network connect beta both");
    begin("inner", "--network closed");
    begin("apart", "--network strict");
    begin("alone", "--network strict");
    for name in ["one", "two", "both", "inner", "apart", "alone"] {
        let process = run(&format!("docker inspect --format '{{{{.State.Pid}}}}' {name}"));
        stage.add(&format!("docker:{name}"), format!("/proc/{process}/ns/net"));
    }
    let mut offers = Vec::new();
    for to in [HOST[0], "127.0.0.1", "10.92.1.1"] {
        for port in [8080, 8081, 9080, 7080] {
            offers.push(Offer::new(to, Kind::Tcp(port)));
        }
        offers.push(Offer::new(to, Kind::Udp(8053)));
    }
    stage.compare(network, &offers, &[]);
}

fn begin(name: &str, how: &str) {
    run(&format!(
        "docker run -d --name {name} {how} --cgroup-parent \"$GLASSNET_POD_GROUP\" box /bin/busybox sleep 600"
    ));
}

/// Docker's daemon, ready; it ends with the private host, and before that with this.
struct Daemon(Child);

fn start(proxy: bool) -> Daemon {
    for program in ["dockerd", "docker", "docker-proxy", "containerd"] {
        let found = attempt(&format!("command -v {program}")).status.success();
        assert!(found, "{program} is missing: scripts/setup test installs it");
    }
    let log = std::fs::File::create(LOG).unwrap();
    let child = Command::new("dockerd")
        .args(["--storage-driver", "vfs", "--exec-opt", "native.cgroupdriver=cgroupfs"])
        .arg(format!("--userland-proxy={proxy}"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut daemon = Daemon(child);
    let start = Instant::now();
    while !attempt("docker version").status.success() {
        let ended = daemon.0.try_wait().unwrap();
        let late = start.elapsed() > Duration::from_secs(60);
        assert!(
            ended.is_none() && !late,
            "dockerd: {}",
            text(&attempt(&format!("tail -20 {LOG}")))
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    daemon
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended on its own, of which there is nothing more to say here.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
