//! What `glassnet lab trace` says of a packet among several machines, beside what becomes of a real
//! one.

#[allow(dead_code, reason = "its own lab file is not used here")]
#[path = "../one_host/lab.rs"]
mod lab;

mod containers;
mod tunnel;

use lab::Lab;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Command, Output};

/// `left` and the node `alpha` on one switch, `right` on another, the router `middle` between.
fn file(name: &str) -> String {
    format!(
        r#"lab: {name}
switches:
  s1: {{ subnet: [198.51.1.0/24, "2001:db8:1::/64"] }}
  s2: {{ subnet: [198.51.2.0/24, "2001:db8:2::/64"] }}
routers:
  middle:
    links:
      eth0: {{ to: s1, address: [198.51.1.254/24, "2001:db8:1::fe/64"] }}
      eth1: {{ to: s2, address: [198.51.2.254/24, "2001:db8:2::fe/64"] }}
hosts:
  left:
    node: false
    links:
      eth0: {{ to: s1, address: [198.51.1.1/24, "2001:db8:1::1/64"] }}
    gateway: [198.51.1.254, "2001:db8:1::fe"]
  right:
    node: false
    links:
      eth0: {{ to: s2, address: [198.51.2.1/24, "2001:db8:2::1/64"] }}
    gateway: [198.51.2.254, "2001:db8:2::fe"]
    serve: "80:right"
  alpha:
    links:
      eth0: {{ to: s1, address: [198.51.1.2/24, "2001:db8:1::2/64"] }}
    gateway: [198.51.1.254, "2001:db8:1::fe"]
    networks:
      blue: {{ subnet: [10.1.0.0/24, "fd00:1::/64"] }}
    containers:
      web: {{ network: blue, address: [10.1.0.10, "fd00:1::10"], publish: ["8080:80"], serve: "80:web" }}
"#
    )
}

/// The lab with its whole name, by which the verbs of `glassnet lab` are told.
struct Stage {
    lab: Lab,
    name: String,
}

impl std::ops::Deref for Stage {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        &self.lab
    }
}

impl Stage {
    fn up(name: &str) -> Self {
        let mut whole = String::new();
        let lab = Lab::of(name, |name| {
            whole = name.to_owned();
            file(name)
        });
        Self { lab, name: whole }
    }

    /// A verb of `glassnet lab` about a place in this lab.
    fn order(&self, verb: &str, place: &str, more: &[&str]) -> Output {
        let place = format!("{}/{place}", self.name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_glassnet"));
        command.args(["lab", verb, &place]).args(more).output().unwrap()
    }

    fn must(&self, verb: &str, place: &str) {
        let output = self.order(verb, place, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What a trace says to people, be it a path or an error.
    fn words(&self, from: &str, arguments: &[&str]) -> String {
        let output = self.order("trace", from, arguments);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// The way there, and the way back of the answer.
    fn trace(&self, from: &str, arguments: &[&str]) -> (Traced, Option<Traced>) {
        let output = self.order("trace", from, &[arguments, &["--json"]].concat());
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let back = Some(&answer["back"]).filter(|back| !back.is_null());
        (Traced::of(&answer["there"]), back.map(Traced::of))
    }
}

/// What a trace comes to: the machines it names, and its end with what that says.
struct Traced {
    machines: BTreeSet<String>,
    end: String,
    said: Value,
}

impl Traced {
    fn of(path: &Value) -> Self {
        let hops = path["hops"].as_array().unwrap().iter();
        let machines = hops.map(|hop| hop["at"]["host"].as_str().unwrap().to_owned()).collect();
        let (end, said) = path["end"].as_object().unwrap().iter().next().unwrap();
        Self { machines, end: end.clone(), said: said.clone() }
    }

    fn names(&self, machines: &[&str]) -> bool {
        self.machines.iter().map(String::as_str).eq(machines.iter().copied())
    }

    /// Where it ended, and what it was.
    fn dropped(&self) -> (&str, &Value) {
        assert_eq!(self.end, "dropped", "{}", self.said);
        (self.said["at"]["host"].as_str().unwrap(), &self.said["because"])
    }
}
