//! One HTTP request between containers on two hosts: in the client's container, on its host's bridge,
//! on the underlay inside VXLAN, in the server's container. One packet, seen four times.

use crate::lab::Lab;
use crate::watch::{Watch, until};
use serde_json::Value;

/// A container on each of two hosts, in a network with these subnets.
pub(crate) fn two_hosts(name: &str, subnets: &str) -> String {
    format!(
        r#"
lab: {name}
store: keeper
networks:
  blue: {{ subnet: [{subnets}], backend: vxlan }}
switches:
  s: {{ subnet: [192.0.2.0/24] }}
hosts:
  alpha:
    links: {{ eth0: {{ to: s, address: 192.0.2.1/24 }} }}
    containers: {{ client: {{ network: blue }} }}
  beta:
    links: {{ eth0: {{ to: s, address: 192.0.2.2/24 }} }}
    containers: {{ web: {{ network: blue, serve: "80:hello" }} }}
  keeper:
    node: false
    etcd: true
    links: {{ eth0: {{ to: s, address: 192.0.2.100/24 }} }}
"#
    )
}

/// A field of a sighting's layer.
fn field<'a>(sighting: &'a Value, layer: usize, name: &str) -> &'a Value {
    let fields = sighting["layers"][layer]["fields"].as_array().unwrap();
    &fields.iter().find(|field| field["name"] == name).unwrap()["value"]
}

#[test]
fn a_request_is_one_packet_in_four_places() {
    let lab = Lab::of("sightings", |name| two_hosts(name, "10.1.0.0/16"));
    let run = |place: &str, command: &[&str]| lab.says(place, command);
    let web = run("beta", &["sh", "-c", "glassnet --json ls | jq -r '.[0].addresses[0]'"]);
    let url = format!("http://{web}/");
    until("the page is there", || lab.fetch("alpha/client", &url).is_some());
    let name = run("alpha", &["sh", "-c", "glassnet --json status | jq -r .cluster.node"]);
    assert!(!name.is_empty());
    let lab_name = format!("sightings-{}", std::process::id());
    let places = ["client", "gn-blue", "eth0", "web"];
    let everywhere = format!(
        "eth0@{lab_name}/alpha/client,gn-blue@{lab_name}/alpha,eth0@{lab_name}/alpha,\
         eth0@{lab_name}/beta/web"
    );
    let watch = Watch::begin(&["--json", &everywhere, "tcp port 80 or udp port 4789"]);
    assert_eq!(lab.fetch("alpha/client", &url).as_deref(), Some("hello"));
    let captured = watch.end();
    let document = captured.document();
    let packets = document["packets"].as_array().unwrap();
    let requests: Vec<_> = packets
        .iter()
        .filter(|packet| packet["summary"].as_str().unwrap().contains(" HTTP GET /"))
        .collect();
    let [request] = requests[..] else { panic!("{} requests: {}", requests.len(), captured.out) };
    let sightings = request["sightings"].as_array().unwrap();
    assert_eq!(sightings.len(), 4, "{request:#}");
    for (sighting, place) in sightings.iter().zip(places) {
        let seen = format!("{}:{}", sighting["place"].as_str().unwrap(), sighting["link"]);
        assert!(seen.contains(place), "{place}: {seen}");
    }
    let tunnels = |number: usize| sightings[number]["tunnels"].as_array().unwrap().len();
    assert_eq!([0, 1, 2, 3].map(tunnels), [0, 0, 1, 0]);
    let ttl = |number: usize, layer: usize| field(&sightings[number], layer, "ip.ttl").clone();
    assert_eq!([ttl(0, 1), ttl(2, 5), ttl(3, 1)], [64, 63, 62].map(Value::from));
    assert_eq!(*field(&sightings[2], 1, "ip.dst"), "192.0.2.2");
    let times: Vec<_> =
        sightings.iter().map(|sighting| sighting["time"].as_u64().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(document["lost"], 0);

    // The same as people see it, and everywhere.
    let watch = Watch::begin(&["--everywhere", "tcp port 80 or udp port 4789"]);
    assert_eq!(lab.fetch("alpha/client", &url).as_deref(), Some("hello"));
    let out = watch.end().out;
    let request = out.lines().skip_while(|line| !line.contains("HTTP GET /")).collect::<Vec<_>>();
    let places: Vec<_> =
        request[1..].iter().take_while(|line| line.starts_with("  ")).copied().collect();
    for place in ["alpha:gn-blue", "alpha:eth0", "beta:eth0", "beta/web:eth0"] {
        assert!(places.iter().any(|line| line.contains(place)), "{place}: {out}");
    }
    let inside = |place: &str, tunnel: bool| {
        let line = places.iter().find(|line| line.contains(place)).unwrap();
        assert_eq!(line.contains("VXLAN"), tunnel, "{line}");
    };
    inside("beta:eth0", true);
    inside("beta/web:eth0", false);
    let watch = Watch::begin(&[&everywhere, "tcp port 80 or udp port 4789", "--conversations"]);
    assert_eq!(lab.fetch("alpha/client", &url).as_deref(), Some("hello"));
    let out = watch.end().out;
    let stories: Vec<&str> = out.split("\n\n").filter(|story| story.contains(":80\n")).collect();
    let [story] = stories[..] else { panic!("{out}") };
    for said in ["SYN ─", "SYN ACK", "the connection stands", "GET /", "200 OK", "FIN ACK"] {
        assert_eq!(story.matches(said).count(), if said == "FIN ACK" { 2 } else { 1 }, "{story}");
    }
}
