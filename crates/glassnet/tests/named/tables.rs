//! Entries of tables that lead elsewhere.

use crate::stage::Stage;

/// F32, cilium#34503: the neighbour's address has moved, and the entry has not.
#[test]
fn a_neighbour_entry_leads_to_another() {
    let stage = Stage::new("neigh");
    stage.sh("mac=$(ip netns exec $w cat /sys/class/net/eth0/address)
              ip -n $h neigh replace 10.9.1.3 lladdr $mac dev br0 nud permanent");
    stage.mended(
        "neighbour-elsewhere",
        &["$h br0 sends what is for 10.9.1.3 to another", "$x eth0"],
    );
}

#[test]
fn a_neighbour_entry_for_a_mac_address_that_nobody_has() {
    let stage = Stage::new("nobody");
    stage.sh("ip -n $h neigh replace 10.9.1.3 lladdr 02:00:00:00:09:99 dev br0 nud permanent");
    stage.mended("neighbour-elsewhere", &["02:00:00:00:09:99", "$x eth0"]);
    stage.sh("ip -n $h neigh replace 10.9.1.99 lladdr 02:00:00:00:09:99 dev br0 nud permanent");
    stage.mended("neighbour-nobody", &["10.9.1.99", "02:00:00:00:09:99, which nobody has"]);
}

/// F5, moby#52661: a forwarding entry has outlived the container's move.
#[test]
fn a_forwarding_entry_leads_to_the_wrong_port() {
    let stage = Stage::new("fdb");
    stage.sh("mac=$(ip netns exec $x cat /sys/class/net/eth0/address)
              ip netns exec $h bridge fdb replace $mac dev w0 master static sticky");
    stage.trace("$w 192.168.9.2", 0, &[]);
    stage.mended(
        "fdb-elsewhere",
        &["$h br0 sends what is for netns:$x eth0 to the wrong port", "behind w0", "behind x0"],
    );
}

/// F7: the route leads to the other holder.
#[test]
fn a_route_by_a_link_whose_other_end_is_down() {
    let stage = Stage::new("dead");
    stage.sh("ip -n $o link set eth0 down");
    stage.mended_by("route-by-dead-link", &["out, whose other end is down", "$o eth0"], "ip -n $o addr add fd09:9::2/64 dev eth0 nodad || true; ip -n $o route add 10.9.1.0/24 via 192.168.9.1; ip -n $o route add fd09:1::/64 via fd09:9::1 || true");
}

/// F38, moby#41136: the container is gone, and its veth still takes a port of the bridge.
#[test]
fn a_veth_is_left_over() {
    let stage = Stage::new("left");
    let name = "0f5a3b1c-9d2e-4a6b-8c7d";
    let name = format!("cni-{name}-{:012x}", std::process::id());
    stage.sh(&format!(
        "ip netns add {name}; trap 'ip netns del {name} || true' 0
         ip -n $h link add left0 type veth peer name eth0 netns {name}
         ip -n $h link set left0 master br0 up; ip -n {name} link set eth0 up; trap - 0"
    ));
    let found = std::panic::catch_unwind(|| {
        stage.mended(
            "leaked-port",
            &["veth", "$h left0 is left over", "has no process", "a port of br0", &name],
        );
    });
    stage.sh(&format!("ip netns del {name}"));
    found.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}
