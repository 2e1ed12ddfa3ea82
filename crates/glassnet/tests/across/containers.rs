//! A node's containers and other machines.

use crate::Stage;

#[test]
fn a_container_and_machines_beyond_a_router() {
    let lab = Stage::up("beyond");
    let (there, back) = lab.trace("alpha/web", &["198.51.2.1", "--port", "80", "--back"]);
    assert_eq!(there.end, "delivered", "{}", there.said);
    assert!(there.names(&["alpha", "middle", "right"]));
    let back = back.unwrap();
    assert_eq!(back.end, "delivered", "{}", back.said);
    assert_eq!(back.said["at"]["namespace"], "container:web");
    assert_eq!(lab.fetch("alpha/web", "http://198.51.2.1/").as_deref(), Some("right"));

    let (there, _) = lab.trace("right", &["198.51.1.2", "--port", "8080"]);
    assert_eq!(there.end, "delivered", "{}", there.said);
    assert_eq!(there.said["at"]["namespace"], "container:web");
    assert_eq!(lab.fetch("right", "http://198.51.1.2:8080/").as_deref(), Some("web"));

    let (there, _) = lab.trace("left", &["2001:db8:2::1"]);
    assert_eq!(there.end, "delivered", "{}", there.said);
    assert!(there.names(&["left", "middle", "right"]));

    lab.must("cut", "right.eth0");
    let (there, _) = lab.trace("left", &["198.51.2.1"]);
    // The router may still know its MAC address, and then sends what nobody takes.
    assert!(["dropped", "left"].contains(&there.end.as_str()), "{}: {}", there.end, there.said);
    assert!(!there.machines.contains("right"));
    assert!(!lab.pings("left", "198.51.2.1"));
    lab.must("mend", "right.eth0");

    // Without power it has no state, and nobody answers on its wires.
    lab.must("kill", "middle");
    lab.says("left", &["ip", "neigh", "flush", "all"]);
    let (there, _) = lab.trace("left", &["198.51.2.1"]);
    let (at, because) = there.dropped();
    assert_eq!((at, &because["no_neighbour"]["address"]), ("left", &"198.51.1.254".into()));
}

#[test]
fn who_is_not_there_is_said() {
    let lab = Stage::up("who");
    for (from, code) in [
        ("alpha/wep", "lab-container-unknown"),
        ("beta", "lab-machine-unknown"),
        ("left/x", "lab-container-unknown"),
    ] {
        let words = lab.words(from, &["10.1.0.10"]);
        assert!(words.contains(code), "{words}");
    }
    lab.must("kill", "left");
    let words = lab.words("left", &["10.1.0.10"]);
    assert!(words.contains("lab-machine-off"), "{words}");
}
