//! Named namespaces for a test, and what it asks of them.
//!
//! ```text
//! a 10.9.1.2/24 ── 10.9.1.1 r 10.9.2.1 ── 10.9.2.2/24 b          and the same in fd09::
//! ```

use serde_json::Value;
use std::process::{Child, Command, Output, Stdio};

pub(crate) const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

pub(crate) struct Stage {
    name: String,
    /// Programs that wait in the namespaces.
    programs: Vec<Child>,
}

const NAMES: [&str; 3] = ["a", "r", "b"];

impl Stage {
    /// Two ends and a router between them, which forwards.
    pub(crate) fn new(name: &str) -> Self {
        let stage =
            Self { name: format!("gntr-{name}-{}", std::process::id()), programs: Vec::new() };
        stage.sh("for n in $a $r $b; do ip netns add $n; ip -n $n link set lo up; done
            ip -n $a link add eth0 type veth peer name left netns $r
            ip -n $b link add eth0 type veth peer name right netns $r
            ip -n $a addr add 10.9.1.2/24 dev eth0; ip -n $a addr add fd09:1::2/64 dev eth0 nodad
            ip -n $r addr add 10.9.1.1/24 dev left; ip -n $r addr add fd09:1::1/64 dev left nodad
            ip -n $r addr add 10.9.2.1/24 dev right; ip -n $r addr add fd09:2::1/64 dev right nodad
            ip -n $b addr add 10.9.2.2/24 dev eth0; ip -n $b addr add fd09:2::2/64 dev eth0 nodad
            ip netns exec $r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
            ip -n $a link set eth0 up; ip -n $b link set eth0 up
            ip -n $r link set left up; ip -n $r link set right up
            ip -n $a route add default via 10.9.1.1; ip -n $a route add default via fd09:1::1
            ip -n $b route add default via 10.9.2.1; ip -n $b route add default via fd09:2::1");
        stage
    }

    /// The whole name of `a`, `r` or `b`.
    pub(crate) fn called(&self, end: &str) -> String {
        format!("{}-{end}", self.name)
    }

    /// Runs lines of shell, in which `$a`, `$r` and `$b` are the namespaces; they have to succeed.
    pub(crate) fn sh(&self, lines: &str) -> String {
        let output = self.shell(lines).output().unwrap();
        assert!(output.status.success(), "{lines}: {}", text(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn shell(&self, lines: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-ec", lines]).envs(NAMES.map(|end| (end, self.called(end))));
        command.env("glassnet", GLASSNET).stdin(Stdio::null());
        command
    }

    /// Lets a program wait until the test ends. The line must become it: `exec …`.
    pub(crate) fn wait_with(&mut self, line: &str) -> u32 {
        let child = self.shell(line).spawn().unwrap();
        let pid = child.id();
        self.programs.push(child);
        pid
    }

    /// Lets `b` answer at this TCP port.
    pub(crate) fn serve(&mut self, port: u16) {
        self.wait_with(&format!("exec ip netns exec $b busybox nc -ll -p {port} -e true"));
        let waits = format!("ip netns exec $b ss -ltnH | grep -q ':{port} '");
        until(&waits, || self.shell(&waits).status().unwrap().success());
    }

    /// A trace, in whose words `$a`, `$r` and `$b` are the namespaces' names.
    pub(crate) fn trace(&self, words: &str) -> Traced {
        let output = self.command("trace", words).output().unwrap();
        Traced { output }
    }

    pub(crate) fn command(&self, verb: &str, words: &str) -> Command {
        let mut command = Command::new(GLASSNET);
        let named = |word: &str| {
            NAMES.iter().fold(word.to_owned(), |word, end| {
                word.replace(&format!("${end}"), &self.called(end))
            })
        };
        // What stands in quotes is one word.
        let parts = words.split('"').enumerate().flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        });
        command.arg(verb).args(parts.map(named));
        command.env_remove("LANG").env_remove("LC_ALL").env_remove("LC_MESSAGES");
        command
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
        for end in NAMES {
            let _ = Command::new("ip").args(["netns", "del", &self.called(end)]).output();
        }
    }
}

/// What a trace said.
pub(crate) struct Traced {
    output: Output,
}

impl Traced {
    pub(crate) fn code(&self) -> i32 {
        self.output.status.code().unwrap()
    }

    pub(crate) fn text(&self) -> String {
        text(&self.output)
    }

    /// The document of `--json`.
    pub(crate) fn document(&self) -> Value {
        let read = serde_json::from_slice(&self.output.stdout);
        read.unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// That it ended so, and says all of this.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, wanted: &[&str]) {
        let text = self.text();
        assert_eq!(self.code(), code, "{text}");
        for one in wanted {
            assert!(text.contains(one), "{one:?} is not in\n{text}");
        }
    }
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let late = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !holds() {
        assert!(std::time::Instant::now() < late, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
