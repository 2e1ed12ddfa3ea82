//! A host of namespaces, as engines make it, and what is asked about it.
//!
//! ```text
//! w 10.9.1.2, fd09:1::2 ──┐
//! x 10.9.1.3, fd09:1::3 ──┤ br0 10.9.1.1 h 192.168.9.1 ── 192.168.9.2 o
//! ```

use kernel::NetNs;
use kernel::netns::within;
use serde_json::Value;
use std::net::UdpSocket;
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

const NAMES: [&str; 4] = ["h", "w", "x", "o"];

pub(crate) struct Stage {
    name: String,
    /// Programs that wait in the namespaces.
    programs: Vec<Child>,
}

impl Stage {
    pub(crate) fn new(name: &str) -> Self {
        let stage =
            Self { name: format!("gnnm-{name}-{}", std::process::id()), programs: Vec::new() };
        stage.sh("for n in $h $w $x $o; do ip netns add $n; ip -n $n link set lo up; done
            ip -n $h link add br0 type bridge forward_delay 0; ip -n $h link set br0 up
            ip -n $h addr add 10.9.1.1/24 dev br0; ip -n $h addr add fd09:1::1/64 dev br0 nodad
            ip -n $w link add eth0 type veth peer name w0 netns $h
            ip -n $x link add eth0 type veth peer name x0 netns $h
            ip -n $o link add eth0 type veth peer name out netns $h
            for p in w0 x0; do ip -n $h link set $p master br0 up; done
            ip -n $w addr add 10.9.1.2/24 dev eth0; ip -n $w addr add fd09:1::2/64 dev eth0 nodad
            ip -n $x addr add 10.9.1.3/24 dev eth0; ip -n $x addr add fd09:1::3/64 dev eth0 nodad
            ip -n $h addr add 192.168.9.1/24 dev out; ip -n $o addr add 192.168.9.2/24 dev eth0
            ip -n $h addr add fd09:9::1/64 dev out nodad; ip -n $o addr add fd09:9::2/64 dev eth0 nodad
            for n in $w $x $o; do ip -n $n link set eth0 up; done; ip -n $h link set out up
            ip netns exec $h sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
            for n in $w $x; do ip -n $n route add default via 10.9.1.1; ip -n $n route add default via fd09:1::1; done
            ip -n $h route add default via 192.168.9.2; ip -n $h route add default via fd09:9::2
            ip -n $o route add 10.9.1.0/24 via 192.168.9.1; ip -n $o route add fd09:1::/64 via fd09:9::1");
        stage
    }

    /// The whole name of `h`, `w`, `x` or `o`.
    pub(crate) fn called(&self, which: &str) -> String {
        format!("{}-{which}", self.name)
    }

    /// Runs lines of shell, in which `$h`, `$w`, `$x` and `$o` are the namespaces; they have to succeed.
    pub(crate) fn sh(&self, lines: &str) -> String {
        let output = self.shell(lines).output().unwrap();
        assert!(output.status.success(), "{lines}: {}", text(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn shell(&self, lines: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-ec", lines]).envs(NAMES.map(|which| (which, self.called(which))));
        command.stdin(Stdio::null());
        command
    }

    /// Lets a program wait until the test ends. The line must become it: `exec …`.
    pub(crate) fn wait_with(&mut self, line: &str) {
        self.programs.push(self.shell(line).spawn().unwrap());
    }

    /// Lets a namespace answer at this TCP port.
    pub(crate) fn serve(&mut self, which: &str, port: u16) {
        self.wait_with(&format!("exec ip netns exec ${which} busybox nc -ll -p {port} -e true"));
        let waits = format!("ip netns exec ${which} ss -ltnH | grep -q ':{port} '");
        until(&waits, || self.shell(&waits).status().unwrap().success());
    }

    /// Sends a datagram from a namespace.
    pub(crate) fn send_udp(&self, which: &str, from: &str, to: &str) {
        let netns = NetNs::by_path(format!("/run/netns/{}", self.called(which))).unwrap();
        let send = || UdpSocket::bind(from).unwrap().send_to(b"x", to).unwrap();
        within(netns.as_fd(), send).unwrap();
    }

    pub(crate) fn succeeds(&self, line: &str) -> bool {
        self.shell(line).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    }

    fn glassnet(&self, words: &str) -> Output {
        let words = words.split_whitespace().map(|word| match word.strip_prefix('$') {
            Some(which) if NAMES.contains(&which) => self.called(which),
            _ => word.to_owned(),
        });
        let mut command = Command::new(GLASSNET);
        command.args(words).env_remove("LANG").env_remove("LC_ALL").env_remove("LC_MESSAGES");
        command.output().unwrap()
    }

    /// A trace, which ends so and says all of this.
    #[track_caller]
    pub(crate) fn trace(&self, words: &str, code: i32, wanted: &[&str]) {
        let output = self.glassnet(&format!("trace {words}"));
        let said = text(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        for one in wanted {
            assert!(said.contains(one), "{one:?} is not in\n{said}");
        }
    }

    /// The command that a trace advises.
    #[track_caller]
    pub(crate) fn trace_command(&self, words: &str) -> String {
        let output = self.glassnet(&format!("--json trace {words}"));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let ends = document["ends"].as_array().unwrap();
        let command = ends.last().unwrap()["command"].as_str();
        command.unwrap_or_else(|| panic!("no command in {document:#}")).to_owned()
    }

    /// What doctor finds on this stage.
    pub(crate) fn doctor(&self) -> Vec<Value> {
        let output = self.glassnet("--json doctor $h");
        let document: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
        let findings = document["findings"].as_array().unwrap().clone();
        let of_networks = |finding: &Value| {
            !["daemon", "cni-configuration", "legacy-filter"]
                .contains(&finding["check"].as_str().unwrap())
        };
        findings.into_iter().filter(of_networks).collect()
    }

    /// That all is well.
    #[track_caller]
    pub(crate) fn is_well(&self) {
        let found = self.doctor();
        assert!(found.is_empty(), "{found:#?}");
    }

    /// That doctor finds this once, and says all of that of it; the command that it gives.
    #[track_caller]
    pub(crate) fn finds(&self, finding: &str, wanted: &[&str]) -> String {
        let found = self.doctor();
        let wanted: Vec<String> = wanted.iter().map(|one| self.named(one)).collect();
        let says = |one: &&Value| {
            let words =
                ["what", "evidence", "advice"].map(|part| one["words"][part].as_str().unwrap());
            let said = words.join("\n");
            one["finding"] == finding && wanted.iter().all(|one| said.contains(one))
        };
        let of_it: Vec<_> = found.iter().filter(says).collect();
        assert_eq!(of_it.len(), 1, "{finding} {wanted:?} in {found:#?}");
        of_it[0]["command"].as_str().unwrap_or_default().to_owned()
    }

    /// Words with the names of `$h` and the others.
    fn named(&self, words: &str) -> String {
        NAMES.iter().fold(words.to_owned(), |words, which| {
            words.replace(&format!("${which}"), &self.called(which))
        })
    }

    /// That doctor finds it, and that its command makes all well again.
    #[track_caller]
    pub(crate) fn mended(&self, finding: &str, wanted: &[&str]) {
        self.mended_by(finding, wanted, "");
    }

    /// The same, with what else went with it.
    #[track_caller]
    pub(crate) fn mended_by(&self, finding: &str, wanted: &[&str], more: &str) {
        let command = self.finds(finding, wanted);
        assert!(!command.is_empty(), "{finding} has no command");
        self.sh(&command);
        self.sh(more);
        self.is_well();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
        for which in NAMES {
            let _ = Command::new("ip").args(["netns", "del", &self.called(which)]).output();
        }
    }
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let late = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < late, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
