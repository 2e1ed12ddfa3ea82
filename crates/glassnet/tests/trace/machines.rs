//! Across two hosts of a lab, asked from outside the lab: all its machines are namespaces of this one.

use crate::lab::Lab;
use crate::stage::{GLASSNET, text};
use serde_json::Value;
use std::process::Command;

#[test]
fn container_to_container_on_another_host() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/two-hosts.yaml");
    let example = std::fs::read_to_string(example).unwrap();
    let mut name = String::new();
    let lab = Lab::of("trace", |given| {
        name = given.to_owned();
        example.replace("lab: two-hosts", &format!("lab: {given}"))
    });
    let trace = |words: &str| {
        let words = words.replace("LAB", &name);
        let output =
            Command::new(GLASSNET).arg("trace").args(words.split_whitespace()).output().unwrap();
        (output.status.code(), output)
    };
    let (code, output) = trace("LAB/alpha/client-a LAB/beta/web-b --port 80 --json");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(code, Some(0), "{document:#}");
    let passed = |way: &str| {
        let hops = document[way]["hops"].as_array().unwrap().iter();
        let mut passed: Vec<_> = hops
            .map(|hop| hop["at"]["namespace"].as_str().unwrap().replace(&name, "LAB"))
            .collect();
        passed.dedup();
        passed
    };
    let there = [
        "lab:LAB/alpha/client-a",
        "lab:LAB/alpha",
        "lab:LAB/.fabric",
        "lab:LAB/gate",
        "lab:LAB/.fabric",
        "lab:LAB/beta",
        "lab:LAB/beta/web-b",
    ];
    assert_eq!(passed("there"), there);
    let mut back = passed("back");
    back.reverse();
    assert_eq!(back, there);
    // What was predicted comes to be.
    let address = document["question"]["destination"].as_str().unwrap();
    let page = lab.fetch("alpha/client-a", &format!("http://{address}/"));
    assert_eq!(page.as_deref(), Some("hello from web-b"));

    // Networks are isolated.
    let (code, output) = trace("LAB/alpha/other-a LAB/beta/web-b --port 80");
    assert_eq!(code, Some(1), "{}", text(&output));
    for wanted in ["networks are isolated", "put both containers into one network"] {
        assert!(text(&output).contains(wanted), "{}", text(&output));
    }
    assert_eq!(lab.fetch("alpha/other-a", &format!("http://{address}/")), None);
}
