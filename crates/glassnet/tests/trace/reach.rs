//! Who reaches whom, and what became different.

use crate::stage::{Stage, text};
use serde_json::Value;
use std::process::Output;

/// An answer about the stage's own namespaces.
fn reach(stage: &Stage, words: &str) -> Output {
    let among = "--from $a --from $r --from $b --to $a --to $r --to $b";
    stage.command("reach", &format!("{among} {words}")).output().unwrap()
}

fn document(stage: &Stage, words: &str) -> Value {
    let output = reach(stage, &format!("{words} --json"));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)))
}

/// Pairs by what becomes of them.
fn kinds(document: &Value) -> Vec<(u64, String)> {
    let kinds = document["kinds"].as_array().unwrap().iter().map(|kind| {
        let outcome = match &kind["outcome"] {
            Value::String(word) => word.clone(),
            lost => {
                let end = &lost["lost"]["end"];
                let reason = end["dropped"]["because"].as_object();
                reason
                    .map_or_else(|| "?".to_owned(), |reason| reason.keys().next().unwrap().clone())
            }
        };
        (kind["pairs"].as_u64().unwrap(), outcome)
    });
    kinds.collect()
}

#[test]
fn each_pair_and_what_keeps_it_apart() {
    let stage = Stage::new("reach");
    for family in ["", "-6"] {
        let all = document(&stage, family);
        assert_eq!(all["pairs"], 6, "{all:#}");
        assert_eq!(kinds(&all), [(6, "answered".to_owned())], "{all:#}");
    }
    let kept = tempfile::tempdir().unwrap();
    let kept = kept.path().join("before.reach");
    let output = reach(&stage, &format!("--save {}", kept.display()));
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("6 pairs: arrives, and is answered"), "{}", text(&output));

    let same = reach(&stage, &format!("--diff {}", kept.display()));
    assert!(same.status.success() && text(&same).contains("all as before"), "{}", text(&same));

    stage.sh("ip netns exec $r nft 'add table ip n; \
              add chain ip n f { type filter hook forward priority 0; }; \
              add rule ip n f ip saddr 10.9.1.2 icmp type echo-request drop'");
    let now = document(&stage, "");
    assert_eq!(kinds(&now), [(1, "rule".to_owned()), (5, "answered".to_owned())], "{now:#}");
    let differs = reach(&stage, &format!("--diff {}", kept.display()));
    let said = text(&differs);
    assert_eq!(differs.status.code(), Some(1), "{said}");
    let (a, b) = (stage.called("a"), stage.called("b"));
    for wanted in [
        format!("1 pairs, such as netns:{a} to netns:{b}"),
        "before: answered".to_owned(),
        "ip saddr 10.9.1.2".to_owned(),
        format!("glassnet trace netns:{a} 10.9.2.2"),
    ] {
        assert!(said.contains(&wanted), "no {wanted} in: {said}");
    }
    // To a port that nobody listens at: refused, and the kept answer is about another packet.
    let port = document(&stage, "--port 80");
    assert_eq!(kinds(&port), [(6, "no_socket".to_owned())], "{port:#}");
    let other = reach(&stage, &format!("--port 80 --diff {}", kept.display()));
    assert!(text(&other).contains("another packet"), "{}", text(&other));
    std::fs::write(&kept, "{\"glassnet_reach\":1").unwrap();
    let damaged = reach(&stage, &format!("--diff {}", kept.display()));
    assert!(text(&damaged).contains("[not-a-reach]"), "{}", text(&damaged));
}

#[test]
fn the_command_that_it_names_tells_the_same() {
    let stage = Stage::new("reachcmd");
    stage.sh("ip netns exec $r sysctl -qw net.ipv4.ip_forward=0");
    let output = reach(&stage, "");
    let said = text(&output);
    let command = said.lines().map(str::trim).find(|line| line.starts_with("glassnet trace"));
    let words = command.unwrap_or_else(|| panic!("{said}")).trim_start_matches("glassnet trace ");
    let traced = stage.trace(words);
    assert_eq!(traced.code(), 1, "{}", traced.text());
    assert!(
        traced.text().contains("ip_forward") || traced.text().contains("forwarding"),
        "{}",
        traced.text()
    );
}
