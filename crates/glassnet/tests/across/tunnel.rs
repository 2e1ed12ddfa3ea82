//! A tunnel made by hand between two machines behind a router.

use crate::{Stage, Traced};

const MACS: [&str; 2] = ["06:00:00:00:00:0a", "06:00:00:00:00:0b"];
const LINK_LOCAL: [&str; 2] = ["fe80::400:ff:fe00:a", "fe80::400:ff:fe00:b"];
const OUTER: [&str; 2] = ["198.51.1.1", "198.51.2.1"];
const INNER: [&str; 2] = ["10.8.0.1", "10.8.0.2"];

/// A tunnel's end as the plan has it: routes by an IPv6 next hop, one neighbour, one entry.
fn end(lab: &Stage, machine: &str, me: usize) {
    let other = 1 - me;
    let (mac, far_mac, far_local) = (MACS[me], MACS[other], LINK_LOCAL[other]);
    let (outer, far_outer, inner, far_inner) = (OUTER[me], OUTER[other], INNER[me], INNER[other]);
    let script = format!(
        "set -e
        ip link add vx address {mac} type vxlan id 7 dstport 4789 local {outer} nolearning df set
        ip link set vx mtu 1450 up
        ip addr add {inner}/32 dev lo
        ip neigh add {far_local} lladdr {far_mac} dev vx nud permanent
        bridge fdb append {far_mac} dev vx dst {far_outer} self permanent
        ip route add {far_inner} via inet6 {far_local} dev vx src {inner}"
    );
    lab.says(machine, &["sh", "-c", &script]);
}

/// What the trace says and what a ping does, which have to agree.
fn both(lab: &Stage, more: &[&str]) -> Traced {
    let (there, back) = lab.trace("left", &[&["10.8.0.2", "--back"], more].concat());
    let there = if there.end == "delivered" {
        let back = back.unwrap();
        assert_eq!(back.end, "delivered", "{}", back.said);
        assert!(back.names(&["left", "middle", "right"]));
        there
    } else {
        there
    };
    let size = more.last().copied().unwrap_or("56");
    let ping = ["ping", "-c", "1", "-W", "1", "-M", "do", "-s", size, "10.8.0.2"];
    let answered = lab.run("left", &ping).status.success();
    assert_eq!(there.end == "delivered", answered, "{}", there.said);
    there
}

#[test]
fn the_walk_goes_through_it_as_packets_do_and_stops_where_they_stop() {
    let lab = Stage::up("tunnel");
    end(&lab, "left", 0);
    end(&lab, "right", 1);
    let there = both(&lab, &[]);
    assert!(
        there.end == "delivered" && there.names(&["left", "middle", "right"]),
        "{}",
        there.said
    );

    let words = lab.words("left", &["10.8.0.2"]);
    let wrapped = "198.51.1.1 → 198.51.2.1 udp ? → 4789 ttl 64, VNI 7: 10.8.0.1 → 10.8.0.2";
    assert!(words.contains(wrapped), "{words}");

    // 1,450 bytes with the headers, and one more.
    assert_eq!(both(&lab, &["--size", "1422"]).end, "delivered");
    let there = both(&lab, &["--size", "1423"]);
    assert_eq!(there.dropped().1["too_big"]["mtu"], 1450);

    lab.says("middle", &["ip", "link", "set", "eth1", "mtu", "1400"]);
    let there = both(&lab, &["--size", "1422"]);
    let (at, because) = there.dropped();
    assert_eq!((at, &because["too_big"]["size"]), ("middle", &1500.into()));
    lab.says("middle", &["ip", "link", "set", "eth1", "mtu", "1500"]);
    // What was learned of the way's size is forgotten: the walk does not read it.
    lab.says("left", &["ip", "route", "flush", "cache"]);

    let entry = [MACS[1], "dev", "vx", "dst", OUTER[1], "self"];
    lab.says("left", &[&["bridge", "fdb", "del"], &entry[..]].concat());
    let there = both(&lab, &[]);
    let (at, because) = there.dropped();
    assert_eq!((at, &because["no_tunnel_to"]["mac"]), ("left", &MACS[1].into()));
    lab.says("left", &[&["bridge", "fdb", "append"], &entry[..], &["permanent"]].concat());
    assert_eq!(both(&lab, &[]).end, "delivered");

    let rules = "add table inet site
        add chain inet site forward { type filter hook forward priority 0; }
        add rule inet site forward udp dport 4789 drop comment \"no tunnels\"";
    lab.says("middle", &["nft", rules]);
    let there = both(&lab, &[]);
    let (at, because) = there.dropped();
    let rule = &because["rule"]["evidence"]["rule"];
    assert_eq!((at, &rule["comment"]), ("middle", &"no tunnels".into()));
    lab.says("middle", &["nft", "delete table inet site"]);

    lab.says("right", &["ip", "link", "set", "vx", "down"]);
    let there = both(&lab, &[]);
    let (at, because) = there.dropped();
    assert_eq!((at, &because["no_socket"]["port"]), ("right", &4789.into()));
}
