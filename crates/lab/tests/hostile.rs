//! Lab files that nobody would write, made by changing those that somebody did: each is accepted or
//! refused with a place in it, within a moment, and what is accepted holds only names that may go
//! to kernel and disk.

use proptest::prelude::*;
use std::time::{Duration, Instant};

const EXAMPLES: [&str; 3] = [
    include_str!("../../../examples/one-host.yaml"),
    include_str!("../../../examples/two-hosts.yaml"),
    include_str!("../../../examples/two-sites.yaml"),
];

/// Values that stand where others stood.
const WORSE: [&str; 34] = [
    "",
    "~",
    "{}",
    "[]",
    "[[]]",
    "{{}: {}}",
    "true",
    "-1",
    "0",
    "1e999",
    ".nan",
    ".inf",
    "99999999999999999999999999",
    "0x7fffffff",
    "0o777",
    "!!binary AAAA",
    "!!str",
    "!x y",
    "*nowhere",
    "&a [*a]",
    "../../etc",
    "/etc/passwd",
    "a/b",
    "..",
    ".",
    "\"a\\0b\"",
    "\"\\e[2J\"",
    "\"\\x7f\"",
    "\"a\\nb\"",
    "-rf",
    "\"\u{202e}gnp\"",
    "10.0.0.0/0",
    "::/0",
    "'; reboot'",
];

#[derive(Clone, Debug)]
enum Change {
    /// The value behind a colon becomes another.
    Value(usize),
    /// A value that goes on for long.
    Long(u16),
    DoubleLine,
    DropLine,
    Deeper,
    Shallower,
    Tab,
    Nested(u16),
    /// A name that is there already.
    Key(prop::sample::Index),
    Noise(String),
}

fn change() -> impl Strategy<Value = (prop::sample::Index, Change)> {
    let change = prop_oneof![
        6 => (0..WORSE.len()).prop_map(Change::Value),
        1 => (1..20_000_u16).prop_map(Change::Long),
        2 => Just(Change::DoubleLine),
        2 => Just(Change::DropLine),
        1 => Just(Change::Deeper),
        1 => Just(Change::Shallower),
        1 => Just(Change::Tab),
        1 => (1..5_000_u16).prop_map(Change::Nested),
        2 => any::<prop::sample::Index>().prop_map(Change::Key),
        1 => any::<String>().prop_map(Change::Noise),
    ];
    (any::<prop::sample::Index>(), change)
}

fn changed(text: &str, changes: &[(prop::sample::Index, Change)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (at, change) in changes {
        if lines.is_empty() {
            break;
        }
        let at = at.index(lines.len());
        let line = lines[at].clone();
        let with = |value: &str| match line.split_once(':') {
            Some((key, _)) => format!("{key}: {value}"),
            None => value.to_owned(),
        };
        match change {
            Change::Value(number) => lines[at] = with(WORSE[*number]),
            Change::Long(count) => lines[at] = with(&"x".repeat((*count).into())),
            Change::DoubleLine => lines.insert(at, line),
            Change::DropLine => drop(lines.remove(at)),
            Change::Deeper => lines[at] = format!("  {line}"),
            Change::Shallower => lines[at] = line.trim_start().to_owned(),
            Change::Tab => lines[at] = format!("\t{line}"),
            Change::Nested(depth) => {
                lines[at] = with(&format!("{}x", "[{a: ".repeat((*depth).into())));
            }
            Change::Key(other) => {
                let key = lines[other.index(lines.len())].split(':').next().unwrap_or_default();
                lines[at] = format!("{key}:{}", line.split_once(':').map_or("", |(_, v)| v));
            }
            Change::Noise(noise) => lines[at] = with(noise),
        }
    }
    lines.join("\n")
}

/// What is accepted goes into paths, into names of links and onto command lines.
fn harmless(topology: &lab::Topology) -> bool {
    let plain = |name: &str| {
        (1..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.starts_with('-')
    };
    let link = |name: &str| (1..=15).contains(&name.len()) && !name.contains(['/', '\0', ' ']);
    plain(&topology.name)
        && topology.switches.iter().all(|switch| plain(&switch.name) && link(&switch.name))
        && topology.machines.iter().all(|machine| {
            plain(&machine.name)
                && machine.links.iter().all(|one| link(&one.name))
                && machine.networks.iter().all(|network| plain(&network.name))
                && machine.containers.iter().all(|container| {
                    plain(&container.name)
                        && container.publish.iter().all(|publish| !publish.starts_with('-'))
                })
                && machine
                    .sysctls
                    .iter()
                    .all(|sysctl| sysctl.name.starts_with("net") && !sysctl.name.contains(".."))
        })
}

fn judged(text: &str) {
    let begun = Instant::now();
    match lab::file::parse("x.yaml", text) {
        Ok(topology) => assert!(harmless(&topology), "{topology:?}"),
        Err(report) => {
            let said = report.to_string();
            assert!(said.starts_with("x.yaml"), "{said}");
            assert!(!report.mistakes.is_empty());
            let control = |c: char| c.is_control() && c != '\n';
            assert!(!said.contains(control), "{said:?}");
            assert!(said.len() < 200_000, "{} bytes of report", said.len());
        }
    }
    // Far from any time it takes: only what never ends is caught here.
    assert!(begun.elapsed() < Duration::from_secs(60), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fuzz_lab_files_that_were_changed(
        example in 0..EXAMPLES.len(),
        changes in prop::collection::vec(change(), 1..8),
    ) {
        judged(&changed(EXAMPLES[example], &changes));
    }

    #[test]
    fn fuzz_lab_files_of_noise(text in any::<String>()) {
        judged(&text);
        judged(&format!("lab: x\nhosts: {{ {text} }}\n"));
    }
}

#[test]
fn bombs_are_refused_in_a_moment() {
    let mut aliases = "lab: x\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..40 {
        aliases += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    }
    let many: String = (0..60_000).map(|n| format!("  h{n}: {{}}\n")).collect();
    let links: String = (0..20_000).map(|n| format!("      e{n}: {{ to: s }}\n")).collect();
    for text in [
        aliases,
        format!("lab: x\nhosts:\n{many}"),
        format!("lab: x\nswitches: {{ s: {{}} }}\nhosts:\n  a:\n    links:\n{links}"),
        format!("lab: x\nhosts: {}", "{a: ".repeat(50_000)),
        format!(
            "lab: x\nhosts:\n{}",
            (0..3_000).map(|n| " ".repeat(n) + "- a:\n").collect::<String>()
        ),
        format!("lab: {}", "x".repeat(1 << 20)),
        format!("lab: \"{}\"", "\\0".repeat(1 << 19)),
        format!("# {}\nlab: x\n? [a]\n: b", "#".repeat(1 << 20)),
    ] {
        judged(&text);
        assert!(lab::file::parse("x.yaml", &text).is_err());
    }
}
