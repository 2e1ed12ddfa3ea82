//! A masked machine in a file: it gives the same answers in other words, and tells none of its own.

use crate::stage::{Stage, text};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What stands for what, as `--words` tells it.
struct Words {
    addresses: Map<String, Value>,
    names: Map<String, Value>,
}

impl Words {
    fn read(path: &Path) -> Self {
        let mut words: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut part = |name: &str| words[name].as_object_mut().map(std::mem::take).unwrap();
        Self { addresses: part("addresses"), names: part("names") }
    }

    fn name(&self, kind: &str, name: &str) -> String {
        let masked = self.names.get(&format!("{kind} {name}"));
        masked.map_or_else(|| name.to_owned(), |masked| masked.as_str().unwrap().to_owned())
    }

    fn address(&self, address: &str) -> String {
        let masked = self.addresses.get(address);
        masked.map_or_else(|| address.to_owned(), |masked| masked.as_str().unwrap().to_owned())
    }

    /// A question's words: `$a` are places, all else that is known an address.
    fn question(&self, stage: &Stage, words: &str) -> String {
        let word = |word: &str| match (word.strip_prefix('$'), word.split_once("@$")) {
            (Some(end), _) => self.name("place", &stage.called(end)),
            (_, Some((link, end))) => {
                format!("{}@{}", self.name("link", link), self.name("place", &stage.called(end)))
            }
            _ => self.address(word),
        };
        words.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }
}

fn trace(file: &Path, words: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassnet"));
    command.args(["--json", "trace"]).args(words.split(' ')).arg("--state").arg(file);
    let output = command.env_remove("LANG").env_remove("LC_ALL").output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{words}: {e} {}", text(&output)))
}

/// Of each way: what happened where, in what is comparable.
fn shape(document: &Value, words: Option<&Words>) -> Vec<String> {
    let ways = ["there", "back"].into_iter().filter_map(|way| document[way].as_object());
    let place = |at: &Value| {
        let namespace = at["namespace"].as_str().unwrap().rsplit(':').next().unwrap();
        let link = at["link"].as_str().unwrap_or_default();
        match words {
            Some(words) => {
                format!("{} {}", words.name("place", namespace), words.name("link", link))
            }
            None => format!("{namespace} {link}"),
        }
    };
    let kind = |value: &Value| match value {
        Value::Object(all) => all.keys().next().unwrap().clone(),
        value => value.as_str().unwrap_or_default().to_owned(),
    };
    let address = |text: &str| words.map_or_else(|| text.to_owned(), |words| words.address(text));
    let mut lines = Vec::new();
    for way in ways {
        for hop in way["hops"].as_array().unwrap() {
            let addresses: Vec<_> = hop["packet"]["layers"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|layer| {
                    let layer = layer.get("ip")?;
                    Some(
                        [&layer["source"], &layer["destination"]]
                            .map(|end| address(end.as_str().unwrap())),
                    )
                })
                .collect();
            let evidence: Vec<_> = hop["evidence"].as_array().unwrap().iter().map(kind).collect();
            let rules: Vec<_> = hop["evidence"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["rule"]["handle"].clone())
                .collect();
            lines.push(format!(
                "{} {} {} {addresses:?} {evidence:?} {rules:?}",
                place(&hop["at"]),
                hop["stage"],
                kind(&hop["decision"])
            ));
        }
        let (is, end) = way["end"].as_object().unwrap().iter().next().unwrap();
        lines.push(format!("{is} {} {}", place(&end["at"]), kind(&end["because"])));
    }
    lines
}

const RULES: &str = "ip netns exec $r nft 'add table inet corp
    add set inet corp banks { type ipv4_addr; flags interval; elements = { 10.9.2.3-10.9.2.77, 10.9.7.0/24 } }
    add set inet corp pairs { type ipv4_addr . inet_service; flags interval; elements = { 10.9.1.0/26 . 90-99 } }
    add map inet corp away { type inet_service : ipv4_addr; elements = { 8080 : 10.9.2.2 } }
    add set inet corp doors { type ifname; elements = { \"left\" } }
    add chain inet corp secret_forward { type filter hook forward priority 0; }
    add chain inet corp secret_jump
    add chain inet corp secret_pre { type nat hook prerouting priority -100; }
    add chain inet corp secret_post { type nat hook postrouting priority 100; }
    add rule inet corp secret_pre ip daddr 10.9.1.1 dnat ip to tcp dport map @away
    add rule inet corp secret_pre ip6 daddr fd09:1::1 tcp dport 8081 dnat ip6 to [fd09:2::2]:80
    add rule inet corp secret_post oifname \"right\" ip saddr 10.9.1.0/24 tcp dport 82 snat ip to 10.9.2.1
    add rule inet corp secret_forward iifname @doors ip saddr . tcp dport @pairs drop comment \"for 10.9.1.2 of corp\"
    add rule inet corp secret_forward ip daddr @banks drop
    add rule inet corp secret_forward iifname \"le*\" tcp dport 83 jump secret_jump
    add rule inet corp secret_jump ip saddr 10.9.0.0/16 ip daddr != 10.9.7.0/25 drop
    add rule inet corp secret_forward ip6 saddr fd09:1::/64 tcp dport 84 reject
    add rule inet corp secret_forward ip saddr < 10.9.1.9 tcp dport 85 drop'
  ip netns exec $r iptables-nft -A FORWARD -s 10.9.1.0/24 -i le+ -p tcp --dport 86 -m comment --comment secret -j DROP
  ip netns exec $r iptables-legacy -A FORWARD -d 10.9.2.2/31 -o right -p tcp --dport 87 -j DROP";

#[test]
fn the_same_answers_in_other_words() {
    let mut stage = Stage::new("masked");
    stage.serve(80);
    stage.sh(RULES);
    // Those that are asked about have to be spoken of.
    stage.sh("for one in 10.9.2.50 10.9.2.78; do ip -n $b addr add $one/24 dev eth0; done
              ip -n $b addr add 10.9.3.3/32 dev lo; ip -n $a addr add 10.9.1.80/24 dev eth0
              ip -n $r route add blackhole 10.9.9.9/32
              ip -n $r rule add from 10.9.1.64/26 lookup 77 priority 70
              ip -n $a addr add 10.9.1.70/24 dev eth0; ip -n $r route add unreachable default table 77
              ip -n $a neigh replace 10.9.1.1 lladdr $(ip netns exec $r cat /sys/class/net/left/address) dev eth0");
    let directory = tempfile::tempdir().unwrap();
    let [plain, masked, words] =
        ["plain", "masked", "words"].map(|name| directory.path().join(name));
    // One state of the machine, once as it is: nothing moves in between but times.
    for line in [
        format!("-o {}", plain.display()),
        format!("-o {} --mask addresses,names --words {}", masked.display(), words.display()),
    ] {
        let output = stage.command("snapshot", &line).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
    let known = Words::read(&words);
    let bytes = std::fs::read_to_string(&masked).unwrap();
    let own = ["a", "r", "b"].map(|end| stage.called(end));
    keep(&plain, &own);
    keep(&masked, &own.map(|name| known.name("place", &name)));
    for words in [
        "$a 10.9.2.2 --port 80",
        "$a $b -6 --port 80",
        "$a 10.9.2.2",
        "$a fd09:2::2",
        "$a 10.9.1.1 --port 8080",
        "$a fd09:1::1 --port 8081",
        "$a 10.9.2.2 --port 82",
        "$a 10.9.2.2 --port 83",
        "$a fd09:2::2 --port 84",
        "$a 10.9.2.2 --port 86",
        "$a 10.9.2.2 --port 87",
        "$a 10.9.2.2 --port 95",
        "$a 10.9.2.50 --port 80",
        "$a 10.9.2.78 --port 80",
        "$a 10.9.9.9",
        "10.9.1.70 10.9.2.2 --port 80",
        "10.9.1.80 10.9.2.2 --in left@$r --port 80",
        "10.9.3.3 10.9.2.2 --in left@$r --port 80",
        "$b 10.9.1.2",
        "$r 127.0.0.1",
    ] {
        assert!(!words.split(' ').any(|word| is_new(&known, word)), "{words}");
        let own = words.replace('$', &stage.called(""));
        let (own, other) = (trace(&plain, &own), trace(&masked, &known.question(&stage, words)));
        assert_eq!(shape(&own, Some(&known)), shape(&other, None), "{words}\n{own:#}\n{other:#}");
    }
    // An order of addresses is nothing that could be kept.
    let unknown = trace(&masked, &known.question(&stage, "$a 10.9.2.2 --port 85"));
    assert!(unknown["ends"].to_string().contains("masked: an order of addresses"), "{unknown:#}");

    for own in [
        "10.9.1.2",
        "10.9.2.2",
        "10.9.2.1\"",
        "10.9.1.0/24",
        "fd09:1::",
        "[10,9,1,2]",
        "[10,9,2,2]",
        "secret",
        "corp",
        "banks",
        "doors",
        "left",
        "right",
        "gntr",
        "busybox",
        &stage.called("a"),
    ] {
        assert!(!bytes.contains(own), "{own} is in the file");
    }
    let macs = stage
        .sh("for n in $a $r $b; do ip netns exec $n sh -c 'cat /sys/class/net/*/address'; done");
    for mac in macs.lines().filter(|mac| *mac != "00:00:00:00:00:00") {
        assert!(!bytes.contains(mac), "{mac} is in the file");
    }
    let said = trace(&masked, &known.question(&stage, "$a $b"));
    assert_eq!(said["question"]["host"], "masked");
    assert!(
        said["question"]["notes"][0]
            .as_str()
            .unwrap()
            .contains("addresses, names stand there by others"),
        "{said:#}"
    );
    names_alone(&stage, directory.path());
}

/// Leaves a file these namespaces only: there may be a whole lab beside them.
fn keep(file: &Path, names: &[String]) {
    let mut snapshot: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let namespaces = snapshot["namespaces"].as_array_mut().unwrap();
    let is_ours = |name: &Value| names.iter().any(|own| name["name"] == own.as_str());
    namespaces.retain(|one| one["names"].as_array().unwrap().iter().any(is_ours));
    assert_eq!(namespaces.len(), names.len());
    std::fs::write(file, serde_json::to_vec(&snapshot).unwrap()).unwrap();
}

/// An address that the file does not speak of.
fn is_new(known: &Words, word: &str) -> bool {
    word.parse::<std::net::IpAddr>()
        .is_ok_and(|address| !address.is_loopback() && !known.addresses.contains_key(word))
}

/// With names alone, addresses are what they are.
fn names_alone(stage: &Stage, directory: &Path) {
    let [masked, words] = ["names", "words-of-names"].map(|name| directory.join(name));
    let line = format!("-o {} --mask names --words {}", masked.display(), words.display());
    assert!(stage.command("snapshot", &line).output().unwrap().status.success());
    let known = Words::read(&words);
    let bytes = std::fs::read_to_string(&masked).unwrap();
    keep(&masked, &["a", "r", "b"].map(|end| known.name("place", &stage.called(end))));
    let said = trace(&masked, &known.question(stage, "$a 10.9.2.2 --port 80"));
    assert_eq!(said["ends"][0]["is"], "delivered", "{said:#}");
    assert!(
        bytes.contains("10.9.2.2")
            && !bytes.contains("secret")
            && !bytes.contains(&stage.called("a"))
    );
    let all: BTreeMap<_, _> =
        known.names.iter().map(|(name, masked)| (masked.to_string(), name)).collect();
    assert_eq!(all.len(), known.names.len(), "no two are called alike");
}
