//! What is captured goes away meanwhile.

use crate::watch::{Pair, Watch, sh};

#[test]
fn a_namespace_that_goes_ends_its_capture() {
    let pair = Pair::new("netns");
    let watch = Watch::begin(&["--json", &pair.0.join(","), "icmp"]);
    pair.ping();
    sh(&format!("ip netns del {}; ip netns del {}", pair.0[0], pair.0[1]));
    let captured = watch.ended();
    assert!(captured.success, "{}", captured.told);
    assert_eq!(captured.document()["captured"], 4);
    for name in &pair.0 {
        assert!(captured.told.contains(&format!("{name} is gone")), "{}", captured.told);
    }
}

#[test]
fn a_link_that_goes_ends_its_capture() {
    let pair = Pair::new("link");
    let place = format!("eth0@{}", pair.a());
    let watch = Watch::begin(&["--json", &place, "icmp"]);
    pair.ping();
    sh(&format!("ip -n {} link del eth0", pair.a()));
    let captured = watch.ended();
    assert!(captured.success, "{}", captured.told);
    assert_eq!(captured.document()["captured"], 2);
}

#[test]
fn everywhere_takes_in_what_comes_and_goes_on_without_what_goes() {
    let first = Pair::new("first");
    let watch = Watch::begin(&["--json", "--everywhere", "icmp and net 10.9.0.0/24"]);
    first.ping();
    sh(&format!("ip netns del {}; ip netns del {}", first.0[0], first.0[1]));
    let second = Pair::new("second");
    // New ones are found within a second or so.
    std::thread::sleep(std::time::Duration::from_secs(3));
    second.ping();
    let document = watch.end().document();
    for pair in [&first, &second] {
        let places = document["packets"].as_array().unwrap().iter().filter(|packet| {
            packet["sightings"][0]["place"].as_str().unwrap().contains("gncap")
                && pair.0.iter().any(|name| packet["sightings"][0]["place"] == name[..])
        });
        assert_eq!(places.count(), 2, "{document:#}");
    }
}
