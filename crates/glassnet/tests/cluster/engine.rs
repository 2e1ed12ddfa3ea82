//! An engine on each host of a fleet: containerd, with our plugin, asked through its CRI as a kubelet
//! would. It needs the tools of `scripts/setup test`.
//!
//! containerd and its shims end with the lab, whose PID namespaces they are in, and so do their
//! mounts. What a lab does not take along is control groups: in version 1 they are the machine's.

use crate::fleet::{Container, Fleet, Ground, blue};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

/// Of an engine on its host: sockets, images, pods.
const FOLDER: &str = "/var/lib/containerd/pods";

/// Hosts with an engine each. The lab goes down before the groups are removed.
pub(crate) struct Engines {
    pub(crate) fleet: Fleet,
    groups: Groups,
}

impl Engines {
    pub(crate) fn up(name: &str, hosts: usize, ground: &Ground) -> Self {
        let fleet = Fleet::up(name, hosts, ground, &blue("auto"));
        // A group whose name ends in the id of a process that is gone is removed also by
        // tests/clients/host.
        let groups = fleet.hosts.iter().map(|host| format!("glassnet-host-{host}-{}", fleet.name));
        let engines = Self { groups: Groups(groups.collect()), fleet };
        for host in &engines.fleet.hosts {
            engines.install(host);
            engines.says(host, "containerd", &["start", FOLDER]);
        }
        engines
    }

    /// What an administrator does: the plugin and its configuration, for this network. Of the
    /// reference plugins, containerd calls that of the loopback whatever the configuration.
    fn install(&self, host: &str) {
        let script = r#"mkdir -p /opt/cni/bin /var/lib/containerd
            cp "$(command -v glassnet)" /opt/cni/bin/glassnet
            cp "$2" /opt/cni/bin/loopback
            jq '.plugins[0].network = "blue"' "$1" >/etc/cni/net.d/10-glassnet.conflist"#;
        let conflist = repository().join("packaging/cni/10-glassnet.conflist");
        let loopback = tools().join("cni/loopback");
        let files = [conflist.to_str().unwrap(), loopback.to_str().unwrap()];
        self.fleet.lab.says(host, &[&["sh", "-ec", script, "sh"], &files[..]].concat());
    }

    /// Calls a script of tests/clients on a host; one that hangs is ended.
    fn call(&self, host: &str, script: &str, arguments: &[&str]) -> Output {
        let script = repository().join("tests/clients").join(script);
        let place = self.fleet.hosts.iter().position(|one| one == host).unwrap();
        let group = format!("GLASSNET_POD_GROUP=/{}", self.groups.0[place]);
        let tools = format!("GLASSNET_TOOLS={}", tools().display());
        let command = ["env", &group, &tools, "timeout", "--kill-after=5", "90"];
        let command = [&command[..], &[script.to_str().unwrap()], arguments].concat();
        self.fleet.lab.run(host, &command)
    }

    fn says(&self, host: &str, script: &str, arguments: &[&str]) -> String {
        let output = self.call(host, script, arguments);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{host}: {script} {arguments:?}: {complained}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A pod that serves its name, and a page of some size, on port 80.
    pub(crate) fn run(&self, host: &str, name: &str, more: &[&str]) -> Container {
        let serves = format!(
            "echo {name} > /www/index.html; head -c {LARGE} /dev/zero > /www/large; \
             exec httpd -f -p 80 -h /www"
        );
        let verb = [&[FOLDER, "run", name], more, &["--", "sh", "-c", &serves]].concat();
        let addresses = self.says(host, "pod", &verb);
        let addresses: Vec<String> = addresses.lines().map(str::to_owned).collect();
        assert_eq!(addresses.len(), 2, "{name} on {host}: {addresses:?}");
        Container { host: host.to_owned(), name: name.to_owned(), addresses }
    }

    /// As `crictl rmp -f`; then nothing of a pod may be left but what its network keeps.
    pub(crate) fn remove(&self, pods: &[Container]) {
        for pod in pods {
            self.says(&pod.host, "pod", &[FOLDER, "rm", &pod.name]);
        }
        for pod in pods {
            self.fleet.until("the engine has nothing left of the pods", || {
                self.call(&pod.host, "containerd", &["check", FOLDER]).status.success()
            });
        }
    }

    /// Runs a shell command in a pod's container.
    pub(crate) fn exec(&self, pod: &Container, command: &str) -> Output {
        self.call(&pod.host, "pod", &[FOLDER, "exec", &pod.name, "sh", "-c", command])
    }

    /// The page that a pod gets: at its first try.
    pub(crate) fn fetches(&self, pod: &Container, address: &str, port: u16, expected: &str) {
        let at = authority(address, port);
        let output = self.exec(pod, &format!("timeout 5 wget -qO- http://{at}/"));
        self.got(&format!("{} on {}: {at}", pod.name, pod.host), &output, expected);
        let output = self.exec(pod, &format!("timeout 10 wget -qO- http://{at}/large | wc -c"));
        let what = format!("{} on {}: {at}, the large page", pod.name, pod.host);
        self.got(&what, &output, &LARGE.to_string());
    }

    /// The page that a host gets from a published port.
    pub(crate) fn host_fetches(&self, host: &str, address: &str, port: u16, expected: &str) {
        let url = format!("http://{}/", authority(address, port));
        let get = ["busybox", "timeout", "5", "busybox", "wget", "-qO-", &url];
        let output = self.fleet.lab.run(host, &get);
        self.got(&format!("{host}: {url}"), &output, expected);
    }

    pub(crate) fn pings(&self, pod: &Container, address: &str) {
        let ping = format!("ping -c 1 -W 2 {address} && ping -c 1 -W 2 -s 4000 {address}");
        let output = self.exec(pod, &ping);
        let said = String::from_utf8_lossy(&output.stdout);
        let Container { name, host, .. } = pod;
        assert!(output.status.success(), "{name} on {host} pings {address}: {said}");
    }

    fn got(&self, what: &str, output: &Output, expected: &str) {
        let page = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert_eq!(page.trim(), expected, "{what}: {complained}\n{}", self.fleet.told());
    }

    /// A host's links, addresses, routes, neighbours and rules.
    pub(crate) fn network_of(&self, host: &str) -> String {
        let shared = repository().join("tests/clients/walk.bash");
        let look = [r#"source "$1"; host_state"#, "bash", shared.to_str().unwrap()];
        self.fleet.lab.says(host, &[&["bash", "-ec"], &look[..]].concat())
    }

    /// Takes the lab down, whatever its pods do.
    pub(crate) fn down(self) {
        drop(self.fleet);
        assert!(self.groups.removed(), "processes of the pods outlived the lab");
    }
}

/// Several segments, and more than any buffer on the way takes at once.
const LARGE: usize = 2 << 20;

fn authority(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// As scripts/setup has it.
fn tools() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    named("GLASSNET_TOOLS").unwrap_or_else(|| {
        let cache = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
        cache.expect("HOME is set").join("glassnet-tools")
    })
}

/// The control groups of the engines' pods, by name.
struct Groups(Vec<String>);

impl Groups {
    /// Removes them. A group that still has a process refuses; killed ones take a moment to leave.
    fn removed(&self) -> bool {
        let started = Instant::now();
        while self.there().iter().any(|group| remove(group).is_err()) {
            if started.elapsed() > Duration::from_secs(5) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        true
    }

    /// In version 1 each controller has a tree of its own, in version 2 there is one.
    fn there(&self) -> Vec<PathBuf> {
        let top = Path::new("/sys/fs/cgroup");
        let trees = folders(top).into_iter().chain([top.to_owned()]);
        let groups = trees.flat_map(|tree| self.0.iter().map(move |name| tree.join(name)));
        groups.filter(|group| group.is_dir()).collect()
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        self.removed();
    }
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).into_iter().flatten().flatten();
    // A link would lead to a controller that is there by its own name too.
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).collect()
}

/// Removes a group and those below it.
fn remove(group: &Path) -> std::io::Result<()> {
    folders(group).iter().try_for_each(|below| remove(below))?;
    fs::remove_dir(group)
}
