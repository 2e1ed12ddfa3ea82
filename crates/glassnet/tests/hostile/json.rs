//! With `--json`, every verb answers with one JSON document, whatever happens. The verbs are those
//! that help lists: a new one fails here until it has an example.

use crate::host::{Host, text, with_a_daemon};
use nix::mount::{MsFlags, mount};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

/// One example of each verb, in an order in which each finds what it needs, and how it ends: well
/// (""), or with this code. `TMP` is a directory of the test.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("version", "", ""),
    ("help", "lab exec", ""),
    ("man", "TMP", ""),
    ("completions", "bash", ""),
    ("explain", "no-daemon", ""),
    ("cidr", "10.8.0.0/24", ""),
    ("cidr contains", "10.8.0.0/24 10.8.0.9", ""),
    ("cidr overlaps", "10.8.0.0/24 10.9.0.0/24", ""),
    ("cidr split", "10.8.0.0/24 /25", ""),
    ("cidr summarize", "10.8.0.0/25 10.8.0.128/25", ""),
    ("network create", "red --subnet 10.8.0.0/24", ""),
    ("network ls", "", ""),
    ("network inspect", "red", ""),
    ("attach", "box --network red", ""),
    ("ls", "", ""),
    ("trace", "box 10.8.0.1", ""),
    ("snapshot", "-o TMP/state.json", ""),
    ("reach", "--save TMP/who.reach", ""),
    ("capture", "host icmp --count 1 --for 100ms", ""),
    ("status", "", ""),
    ("doctor", "host", ""),
    ("doctor", "host --state TMP/state.json", ""),
    ("detach", "box", ""),
    ("network set", "red --backend vxlan", "cluster"),
    ("node forget", "nobody", "cluster"),
    ("network rm", "nowhere", ""),
    ("lab schema", "", ""),
    ("lab up", "TMP/lab.yaml", ""),
    ("lab ls", "", ""),
    // The document is the command's own.
    ("lab exec", "json/a -- echo {}", ""),
    ("lab trace", "json/a 192.0.2.9", ""),
    ("lab drop", "json/r icmp", ""),
    ("lab pass", "json/r icmp", ""),
    ("lab freeze", "json/a node", ""),
    ("lab thaw", "json/a node", ""),
    ("lab stop", "json/a node", ""),
    ("lab cut", "json/a.x", ""),
    ("lab mend", "json/a.x", ""),
    ("lab kill", "json/a", ""),
    ("lab start", "json/a", ""),
    ("lab down", "json", ""),
    ("demo", "", ""),
    // It would serve: what it says of itself are its log lines.
    ("node", "--state-dir /dev/null/nowhere", "node"),
    ("node reset", "", "not-confirmed"),
];

/// What goes wrong beyond the examples.
const WRONG: &[(&str, &str)] = &[
    ("nonsense", "usage"),
    ("network", "usage"),
    ("help nonsense", "usage"),
    ("explain nonsense", "no-such-code"),
    ("man /dev/null/nowhere", "file"),
    ("network inspect nowhere", "no-network"),
    ("network create green --mtu 10", "invalid-request"),
    ("attach nowhere --network blue", "no-namespace"),
    ("attach box --network nowhere", "no-network"),
    ("attach box --network blue --publish x", "usage"),
    ("trace nowhere 10.8.0.1 --lang zh", "no-place"),
    ("trace box nowhere..at.all", "no-place"),
    ("trace box red --in x", "usage"),
    ("trace 10.8.0.9 10.8.0.1 --in nowhere", "no-place"),
    ("trace 192.0.2.77 10.8.0.1", "no-place"),
    ("trace host 10.8.0.1 -6", "usage"),
    ("trace host host -6", "no-address"),
    ("trace box 10.8.0.1 --state TMP/wrong.yaml", "not-a-snapshot"),
    ("trace box 10.8.0.1 --state TMP/nowhere.json", "file"),
    ("reach --from nowhere*", "no-place"),
    ("reach --proto tcp", "usage"),
    ("reach --diff TMP/wrong.yaml", "not-a-reach"),
    ("snapshot", "usage"),
    ("doctor nowhere", "no-place"),
    ("doctor --state TMP/wrong.yaml", "not-a-snapshot"),
    ("snapshot -o TMP", "file"),
    ("snapshot -o /dev/null/nowhere", "file"),
    ("cidr contain 10.0.0.0/8 10.1.2.3", "usage"),
    ("capture nobody", "no-place"),
    ("capture host tcp port", "not-a-filter"),
    ("capture --read TMP/wrong.yaml", "not-a-capture"),
    ("capture --read TMP/nowhere.pcapng", "file"),
    ("lab up TMP/nowhere.yaml", "lab-file-unreadable"),
    ("lab up TMP", "lab-file-unreadable"),
    ("lab up TMP/wrong.yaml", "lab-file-mistaken"),
    // The demo's lab is up still.
    ("lab exec nowhere -- true", "lab-machine-unknown"),
    ("lab down two-hosts", ""),
    ("lab exec nowhere -- true", "which-lab"),
    ("lab down ../x", "lab-name"),
    ("lab down nowhere", ""),
];

struct Asked<'a> {
    host: &'a Host,
    directory: &'a Path,
}

impl Asked<'_> {
    fn run(&self, line: &str) -> Output {
        let line = line.replace("TMP", self.directory.to_str().unwrap());
        let words = line.split_whitespace();
        let mut command = self.host.command(&["--json"]);
        command.args(words).env("GLASSNET_LABS_DIR", self.directory.join("labs"));
        command.output().unwrap()
    }

    /// The one document that it said; `code` is what it ended with, or nothing.
    fn document(&self, line: &str, code: &str) -> Value {
        let said = self.run(line);
        let document: Value = serde_json::from_slice(&said.stdout)
            .unwrap_or_else(|error| panic!("{line}: {error}\n{}", text(&said)));
        let found = document["error"]["code"].as_str().unwrap_or_default();
        assert_eq!(found, code, "{line}: {document:#}");
        assert_eq!(said.status.success(), code.is_empty(), "{line}: {document:#}");
        if !code.is_empty() {
            assert!(!document["error"]["message"].as_str().unwrap().is_empty(), "{line}");
        }
        document
    }

    /// The verbs below one, and whether it is one itself: `node` and `cidr` are both.
    fn verbs(&self, of: &str, found: &mut BTreeSet<String>) {
        let document = self.document(&format!("help {of}"), "");
        let help = document["help"].as_str().unwrap();
        let below = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
        let below = below.lines().take_while(|line| !line.is_empty());
        // What a verb does may take more than a line.
        let below: Vec<&str> = below
            .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let itself = help.contains(" [COMMAND]\n") || help.contains("\nArguments:\n");
        if below.is_empty() || itself && !of.is_empty() {
            found.insert(of.to_owned());
        }
        for verb in below {
            self.verbs(format!("{of} {verb}").trim_start(), found);
        }
    }
}

/// A lab outlives a test that failed.
impl Drop for Asked<'_> {
    fn drop(&mut self) {
        for lab in ["json", "two-hosts"] {
            self.run(&format!("lab down {lab}"));
        }
    }
}

#[test]
fn every_verb_answers_with_one_document() {
    with_a_daemon(|host| {
        std::fs::create_dir_all("/run/netns").unwrap();
        let none = None::<&str>;
        mount(none, "/run/netns", Some("tmpfs"), MsFlags::empty(), none).unwrap();
        assert!(Command::new("ip").args(["netns", "add", "box"]).status().unwrap().success());
        let directory = tempfile::tempdir().unwrap();
        let lab = "lab: json\nswitches: { s: }\n\
                   hosts:\n  a: { links: { x: { to: s, address: 192.0.2.1/24 } } }\n\
                   routers:\n  r: { links: { y: { to: s, address: 192.0.2.2/24 } } }\n";
        std::fs::write(directory.path().join("lab.yaml"), lab).unwrap();
        std::fs::write(directory.path().join("wrong.yaml"), "lab: json\nhosst: {}\n").unwrap();
        let asked = Asked { host, directory: directory.path() };

        let mut verbs = BTreeSet::new();
        asked.verbs("", &mut verbs);
        let shown: BTreeSet<String> =
            EXAMPLES.iter().map(|(verb, ..)| (*verb).to_owned()).collect();
        assert_eq!(verbs, shown, "each verb has an example, and each example a verb");

        for verb in &verbs {
            let help = asked.document(&format!("{verb} --help"), "");
            assert!(help["help"].as_str().unwrap().contains("Usage: "), "{verb}");
            asked.document(&format!("{verb} --nonsense"), "usage");
        }
        for (verb, arguments, code) in EXAMPLES {
            asked.document(&format!("{verb} {arguments}"), code);
        }
        for (line, code) in WRONG {
            asked.document(line, code);
        }
    });
}
