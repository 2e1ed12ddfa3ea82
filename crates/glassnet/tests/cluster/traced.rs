//! `glassnet trace` on a node of a real cluster: the ways go on through the other nodes' daemons, which
//! are asked through the store; and packets do as was predicted.

#[path = "traced/refused.rs"]
mod refused;

use crate::fleet::{Container, Fleet, Ground, blue};
use serde_json::Value;
use std::collections::BTreeSet;

/// What a trace came to.
pub(crate) struct Traced {
    document: Value,
    code: i32,
}

pub(crate) fn trace(fleet: &Fleet, host: &str, words: &[&str]) -> Traced {
    let output = fleet.lab.run(host, &[&["glassnet", "--json", "trace"], words].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    let document = serde_json::from_slice(&output.stdout);
    let document = document.unwrap_or_else(|error| panic!("{words:?}: {error}: {said}"));
    Traced { document, code: output.status.code().unwrap() }
}

impl Traced {
    /// `way` is `there` or `back`.
    fn path(&self, way: &str) -> &Value {
        &self.document[way]
    }

    fn hosts(&self, way: &str) -> Vec<&str> {
        let hops = self.path(way)["hops"].as_array().unwrap().iter();
        let mut hosts: Vec<_> = hops.map(|hop| hop["at"]["host"].as_str().unwrap()).collect();
        hosts.dedup();
        hosts
    }

    fn stages(&self) -> BTreeSet<&str> {
        let ways = ["there", "back"].into_iter();
        let hops = ways.flat_map(|way| self.path(way)["hops"].as_array().unwrap());
        hops.map(|hop| hop["stage"].as_str().unwrap()).collect()
    }

    #[track_caller]
    fn is_delivered(&self, way: &str, to: &Container) {
        let at = &self.path(way)["end"]["delivered"]["at"];
        assert_eq!(at["host"], *to.host, "{way}: {:#}", self.document);
        assert_eq!(at["namespace"], format!("container:{}", to.name), "{way}");
    }

    /// Nodes that were asked, in their order.
    fn asked(&self) -> Vec<&str> {
        let asked = self.document["asked"].as_array().unwrap().iter();
        asked.map(|trip| trip["node"].as_str().unwrap()).collect()
    }

    fn said(&self) -> String {
        let ends = self.document["ends"].as_array().unwrap();
        ends.iter().map(|end| format!("{end}")).collect()
    }
}

fn serve(fleet: &Fleet, container: &Container, port: u16) {
    let Container { host, name, .. } = container;
    let serve = format!(
        "mkdir -p /run/www; echo {name} >/run/www/index.html; \
         ip netns exec {name} busybox httpd -p {port} -h /run/www"
    );
    fleet.lab.says(host, &["sh", "-ec", &serve]);
}

fn fetches(fleet: &Fleet, from: &Container, address: &str, port: u16) -> bool {
    let url = format!("http://{address}:{port}/");
    let get = ["busybox", "timeout", "2", "busybox", "wget", "-q", "-O", "-", &url];
    let get = [&["ip", "netns", "exec", &from.name], &get[..]].concat();
    fleet.lab.run(&from.host, &get).status.success()
}

#[test]
fn the_way_goes_on_at_the_other_node_and_comes_back() {
    for (ground, backend) in
        [(Ground::Switch, "direct"), (Ground::Switch, "vxlan"), (Ground::Router, "vxlan")]
    {
        let fleet = Fleet::up("traced", 2, &ground, &blue(backend));
        let web = fleet.attach("h1", "web", &[]).unwrap();
        let client = fleet.attach("h2", "client", &[]).unwrap();
        fleet.all_reach_all(&[web.clone(), client.clone()]);
        for address in &web.addresses {
            let traced = trace(&fleet, "h2", &["client", address]);
            traced.is_delivered("there", &web);
            traced.is_delivered("back", &client);
            assert_eq!(traced.code, 0);
            assert_eq!(traced.hosts("there"), ["h2", "h1"]);
            assert_eq!(traced.hosts("back"), ["h1", "h2"]);
            assert_eq!(traced.asked(), ["h1"], "one question tells both ways");
            let tunnelled = traced.stages().iter().filter(|s| s.ends_with("capsulate")).count();
            assert_eq!(tunnelled, if backend == "vxlan" { 2 } else { 0 });
            let trip = &traced.document["asked"][0];
            let (took, walking) = (trip["took"].as_u64(), trip["walking"].as_u64());
            assert!(walking.is_some() && walking < took, "{trip}");
            let notes = traced.document["question"]["notes"].to_string();
            let routed = notes.contains("between h2 and h1 are routers that are no nodes");
            assert_eq!(routed, matches!(ground, Ground::Router), "{notes}");
        }
        // By the name that the other node has for it; and with nobody's MAC address known.
        serve(&fleet, &web, 80);
        fleet.until("the neighbour is asked for", || {
            fleet.lab.says("h2", &["ip", "neigh", "flush", "dev", "eth0"]);
            let traced = trace(&fleet, "h2", &["client", "h1/web", "--port", "80"]);
            traced.is_delivered("there", &web);
            traced.is_delivered("back", &client);
            let process = &traced.path("there")["end"]["delivered"]["process"];
            assert_eq!(process, "busybox", "the node names its own processes");
            let port = &traced.document["question"]["source_port"];
            assert!(port.as_u64().is_some_and(|port| port > 1023), "{port}");
            let resolved = traced.path("there").to_string().contains(r#""resolved":{"address":"1"#);
            resolved || matches!(ground, Ground::Router)
        });
        assert!(fetches(&fleet, &client, &web.addresses[0], 80));
        // Another node is a place too.
        let traced = trace(&fleet, "h2", &["host", "h1"]);
        assert_eq!(traced.path("there")["end"]["delivered"]["at"]["namespace"], "host");
        assert_eq!((traced.code, traced.hosts("there")), (0, vec!["h2", "h1"]));
        // Who is no node is not asked.
        let traced = trace(&fleet, "h2", &["client", "192.0.2.100"]);
        assert!(traced.path("there")["end"]["left"].is_object(), "{:#}", traced.document);
        assert!(traced.code == 3 && traced.asked().is_empty());
    }
}

#[test]
fn a_rule_on_the_other_node_is_named_with_what_takes_it_away() {
    let fleet = Fleet::up("ruled", 2, &Ground::Switch, &blue("vxlan"));
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web.clone(), client.clone()]);
    for port in [80, 81] {
        serve(&fleet, &web, port);
    }
    let rules = "add table inet site
        add chain inet site forward { type filter hook forward priority 0; }
        add rule inet site forward tcp dport 81 drop comment \"not this one\"";
    fleet.lab.says("h1", &["nft", rules]);
    let address = &web.addresses[0];
    let ask = |port: &str| trace(&fleet, "h2", &["client", address, "--port", port]);
    ask("80").is_delivered("back", &client);
    assert!(fetches(&fleet, &client, address, 80));

    let traced = ask("81");
    let end = &traced.path("there")["end"]["dropped"];
    let rule = &end["because"]["rule"]["evidence"]["rule"];
    assert_eq!(end["at"]["host"], "h1", "{:#}", traced.document);
    assert_eq!((&rule["table"], &rule["comment"]), (&"site".into(), &"not this one".into()));
    assert_eq!((traced.code, &traced.document["back"]), (1, &Value::Null));
    assert!(!fetches(&fleet, &client, address, 81));

    let ended = &traced.document["ends"][0];
    assert!(ended["try"].as_str().unwrap().starts_with("on h1: "), "{ended}");
    let command = ended["command"].as_str().unwrap();
    assert!(command.contains(&format!("handle {}", rule["handle"])), "{ended}");
    fleet.lab.says("h1", &["sh", "-ec", command]);
    ask("81").is_delivered("back", &client);
    assert!(fetches(&fleet, &client, address, 81));

    // What this machine believes of the other, and the other of this one.
    for (host, wrong, on) in [("h2", "192.0.2.1", ""), ("h1", "192.0.2.2", "on h1: ")] {
        let mac = ["lladdr", "02:00:00:00:00:99", "nud", "permanent"];
        let neighbour = ["ip", "neigh", "replace", wrong, "dev", "eth0"];
        fleet.lab.says(host, &[&neighbour[..], &mac].concat());
        let traced = ask("80");
        let way = if host == "h2" { "there" } else { "back" };
        let end = &traced.path(way)["end"]["dropped"];
        assert_eq!(end["because"]["other_host"]["mac"], "02:00:00:00:00:99", "{end}");
        assert_ne!(end["at"]["host"], host);
        assert!(!fetches(&fleet, &client, address, 80));
        let ended = traced.document["ends"].as_array().unwrap().last().unwrap();
        let cure = ended["try"].as_str().unwrap();
        assert!(cure.starts_with(&format!("{on}the sender takes {wrong}")), "{cure}");
        fleet.lab.says(host, &["sh", "-ec", ended["command"].as_str().unwrap()]);
        ask("80").is_delivered("back", &client);
    }

    // A change is tried on this machine, and the way after it goes on over there.
    let what_if = ["client", address, "--port", "80", "--if", "delete link eth0"];
    let traced = trace(&fleet, "h2", &what_if);
    traced.is_delivered("there", &web);
    assert!(traced.document["if"]["there"]["end"]["dropped"].is_object(), "{:#}", traced.document);
}

/// The second node hands what comes to a port of its own on to a published port of the third, under its
/// own address: the answer finds its way since the second remembers whom it is for.
#[test]
fn a_node_in_between_remembers_the_packet() {
    let fleet = Fleet::up("third", 3, &Ground::Switch, &blue("direct"));
    let client = fleet.attach("h1", "client", &[]).unwrap();
    let web = fleet.attach("h3", "web", &["--publish", "8081:80"]).unwrap();
    fleet.all_reach_all(&[client.clone(), web.clone()]);
    serve(&fleet, &web, 80);
    let address = &web.addresses[0];
    let traced = trace(&fleet, "h1", &["client", address]);
    traced.is_delivered("there", &web);
    assert_eq!((traced.hosts("there"), traced.asked()), (vec!["h1", "h3"], vec!["h3"]));

    let rules = "add table ip site
        add chain ip site pre { type nat hook prerouting priority -110; }
        add rule ip site pre ip daddr 192.0.2.2 tcp dport 8080 dnat to 192.0.2.3:8081
        add chain ip site post { type nat hook postrouting priority 90; }
        add rule ip site post ip daddr 192.0.2.3 snat to 192.0.2.2";
    fleet.lab.says("h2", &["nft", rules]);
    let traced = trace(&fleet, "h1", &["client", "h2", "--port", "8080"]);
    traced.is_delivered("there", &web);
    traced.is_delivered("back", &client);
    assert_eq!(traced.hosts("there"), ["h1", "h2", "h3"]);
    assert_eq!(traced.hosts("back"), ["h3", "h2", "h1"]);
    assert_eq!(traced.asked(), ["h2", "h3", "h2"]);
    assert!(fetches(&fleet, &client, "192.0.2.2", 8080));

    // It routes for nobody else.
    let route = ["ip", "route", "add", address, "via", "192.0.2.2", "dev", "eth0"];
    fleet.lab.says("h1", &route);
    let traced = trace(&fleet, "h1", &["client", address]);
    let end = &traced.path("there")["end"]["dropped"];
    let rule = &end["because"]["rule"]["evidence"]["rule"];
    assert_eq!((&end["at"]["host"], &rule["table"]), (&"h2".into(), &"glassnet".into()));
    assert!(!fleet.pings(&client, address, &[]));
}
