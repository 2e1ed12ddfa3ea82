//! Nodes that do not answer, will not, or are asked what makes no sense.

use super::trace;
use crate::fleet::{Fleet, Ground, blue};
use std::time::{Duration, Instant};

/// A daemon in the place of the one that the lab starts.
const REFUSING: &str = "glassnet node --refuse-traces --store etcd://192.0.2.100:2379 --name h1 \
                        --address 192.0.2.1,2001:db8::1 >/dev/null 2>&1 &";

#[test]
fn a_node_that_does_not_answer_is_named_within_seconds() {
    let fleet = Fleet::up("silent", 2, &Ground::Switch, &blue("vxlan"));
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web.clone(), client.clone()]);
    let ask = || trace(&fleet, "h2", &["client", &web.addresses[0], "--port", "80"]);
    let ends_so = |words: &str, cure: &str| {
        let traced = ask();
        let end = &traced.document["there"]["end"]["unknown"];
        assert_eq!(end["at"]["host"], "h2", "{:#}", traced.document);
        assert_eq!((end["at"]["link"].as_str(), traced.code), (Some("eth0"), 3));
        let said = traced.said();
        assert!(said.contains(words) && said.contains(cure), "{said}");
    };

    // A frozen daemon is alive to the store until its lease has run out.
    let daemon = fleet.json("h1", &["status"]).unwrap()["pid"].to_string();
    fleet.lab.says("h1", &["kill", "-STOP", &daemon]);
    let started = Instant::now();
    ends_so("node h1 did not answer within 3 s", "see on h1 whether its daemon runs");
    let took = started.elapsed();
    assert!((3..6).contains(&took.as_secs()), "it took {took:?}");
    fleet.lab.says("h1", &["kill", "-CONT", &daemon]);
    fleet.until("it answers again", || ask().code == 1);

    fleet.must(&["stop", "@h1", "node"]);
    fleet.until("it is known to be gone", || {
        fleet.peers("h2").get("h1").is_some_and(|peer| peer["alive"] == false)
    });
    let started = Instant::now();
    ends_so("node h1 cannot be asked: its daemon does not run", "see on h1");
    assert!(started.elapsed() < Duration::from_secs(3), "nobody is waited for");

    fleet.lab.says("h1", &["sh", "-c", REFUSING]);
    fleet.until("it is back", || {
        fleet.peers("h2").get("h1").is_some_and(|peer| peer["alive"] == true)
    });
    fleet.until("it hears questions", || !ask().said().contains("did not answer"));
    ends_so("node h1 is told not to answer", "without --refuse-traces");
    // It asks, all the same.
    let traced = trace(&fleet, "h1", &["web", &client.addresses[0]]);
    traced.is_delivered("there", &client);

    fleet.must(&["stop", "@keeper", "etcd"]);
    fleet.until("the store is known to be away", || {
        let status = fleet.json("h2", &["status"]).unwrap();
        status["cluster"]["store"]["connected"] == false
    });
    ends_so("for the store is away", "does not reach the store");
}

/// What anybody could write into the store.
#[test]
fn odd_questions_are_answered_as_such_and_too_many_are_not() {
    let fleet = Fleet::up("odd", 2, &Ground::Switch, &blue("vxlan"));
    fleet.until_by("h1", "h2", "vxlan");
    let etcd = |words: &[&str]| {
        let etcdctl = ["env", "ETCDCTL_API=3", "etcdctl", "--endpoints", "192.0.2.100:2379"];
        fleet.lab.says("keeper", &[&etcdctl, words].concat())
    };
    let put = |asker: &str, id: &str, value: &str| {
        etcd(&["put", &format!("/glassnet/v1.traces/asked/{asker}/h1/{id}"), value]);
    };
    let answer = |asker: &str, id: &str| {
        let place = format!("/glassnet/v1.traces/answered/h1/{asker}/{id}");
        etcd(&["get", &place, "--print-value-only"])
    };
    let has = r#"{"format":1,"walk":"w","ask":{"has":{"address":"192.0.2.1"}}}"#;
    let packet = r#"{"format":1,"walk":"w","ask":{"arrives":{"packet":{"layers":[]},
        "next_hop":null,"known":[],"visited":["h1"],"back":false}}}"#;
    let large = "x".repeat(70_000);
    for (id, value, wanted) in [
        ("other", r#"{"format":9}"#, r#""is":"other-format""#),
        ("text", "what?", r#""is":"odd""#),
        ("lacks", r#"{"format":1}"#, r#""is":"odd""#),
        ("large", &large, r#""is":"odd""#),
        ("unknown", packet, r#""is":"forgotten""#),
        ("has", has, r#""link":"eth0""#),
        ("empty", &packet.replace(r#"["h1"]"#, "[]"), "not_here"),
    ] {
        put("h2", id, value);
        fleet.until(&format!("{id} is answered with {wanted}"), || {
            answer("h2", id).contains(wanted)
        });
    }
    // Whom the cluster does not know, nobody answers; nor what is no question's place.
    put("stranger", "has", has);
    put("h2", "HAS", has);

    // All in one transaction.
    let script = r#"(echo; for i in $(seq 120); do
        echo "put /glassnet/v1.traces/asked/h2/h1/many$i '$1'"; done; echo; echo) |
        ETCDCTL_API=3 etcdctl --endpoints 192.0.2.100:2379 txn"#;
    let started = Instant::now();
    fleet.lab.says("keeper", &["sh", "-c", script, "sh", has]);
    let all =
        || etcd(&["get", "--prefix", "/glassnet/v1.traces/answered/h1/", "--print-value-only"]);
    fleet.until("it is said that it is too many", || all().contains(r#""is":"too-many""#));
    let told = all();
    let (answered, refused) = (told.matches(r#""has""#).count(), told.matches("too-many").count());
    let seconds = started.elapsed().as_secs() as usize + 2;
    assert!(answered <= 30 + 5 * seconds, "{answered} of 120 were answered in {seconds} s");
    assert!(refused <= seconds, "{refused} refusals in {seconds} s");
    assert!(answer("stranger", "has").is_empty() && answer("h2", "HAS").is_empty());

    // The node is as it was, and nothing stays that nodes have written.
    fleet.until("what was answered is gone", || all().is_empty());
    assert!(fleet.json("h1", &["status"]).is_some());
}
