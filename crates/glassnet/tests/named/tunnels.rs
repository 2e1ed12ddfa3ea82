//! VXLAN between two hosts, by hand: `h` and `o`.

use crate::stage::Stage;

const MAC_H: &str = "02:00:00:00:09:01";
const MAC_O: &str = "02:00:00:00:09:02";

fn stage(name: &str) -> Stage {
    let stage = Stage::new(name);
    stage.sh(&format!(
        "ip -n $h link add vx type vxlan id 9 dstport 4789 local 192.168.9.1 nolearning
         ip -n $o link add vx type vxlan id 9 dstport 4789 local 192.168.9.2 nolearning
         ip -n $h link set vx address {MAC_H} mtu 1450 up; ip -n $o link set vx address {MAC_O} mtu 1450 up
         ip -n $h addr add 10.200.0.1/32 dev vx; ip -n $o addr add 10.200.0.2/32 dev vx
         ip -n $h route add 10.200.0.2/32 dev vx; ip -n $o route add 10.200.0.1/32 dev vx
         ip -n $h neigh replace 10.200.0.2 lladdr {MAC_O} dev vx nud permanent
         ip -n $o neigh replace 10.200.0.1 lladdr {MAC_H} dev vx nud permanent
         ip netns exec $h bridge fdb append {MAC_O} dev vx dst 192.168.9.2
         ip netns exec $o bridge fdb append {MAC_H} dev vx dst 192.168.9.1"
    ));
    stage.is_well();
    stage.trace("$h 10.200.0.2", 0, &["wrapped for 192.168.9.2"]);
    stage
}

/// F3, flannel#1155: udev has given the tunnel's end another MAC address.
#[test]
fn the_inner_mac_address_is_not_the_tunnel_ends() {
    let stage = stage("vtep-mac");
    stage.sh("ip -n $o link set vx address 02:00:00:00:09:77");
    stage.trace("$h 10.200.0.2", 1, &[&format!("nobody here is {MAC_O}")]);
    stage.mended(
        "tunnel-mac-other",
        &["the inner destination MAC is not that of", "$o vx", "02:00:00:00:09:77"],
    );
    // The kernel forgets a link's neighbours with its address.
    stage.sh(&format!("ip -n $o neigh replace 10.200.0.1 lladdr {MAC_H} dev vx nud permanent"));
    stage.trace("$h 10.200.0.2", 0, &[]);
}

/// F4, flannel#533: the forwarding entry is missing after a reboot.
#[test]
fn a_tunnel_has_no_forwarding_entry() {
    let stage = stage("no-fdb");
    stage.sh(&format!("ip netns exec $h bridge fdb del {MAC_O} dev vx"));
    let says = format!("knows no host that has {MAC_O}");
    stage.trace("$h 10.200.0.2", 1, &[&says, "bridge fdb append"]);
    let command =
        stage.finds("no-tunnel-entry", &[&format!("no FDB entry for {MAC_O}"), "10.200.0.2"]);
    stage.sh(&command.replace("REMOTE", "192.168.9.2"));
    stage.is_well();
}

/// F5, moby#52661: the entry leads to where the owner was.
#[test]
fn a_forwarding_entry_leads_to_another_host() {
    let stage = stage("fdb-moved");
    stage.sh(&format!("ip netns exec $h bridge fdb replace {MAC_O} dev vx dst 192.168.9.77"));
    stage.mended(
        "tunnel-fdb-elsewhere",
        &["to 192.168.9.77, whose owner is", "$o vx", "at 192.168.9.2"],
    );
}

/// F30, cilium#29583.
#[test]
fn a_tunnel_takes_more_than_the_underlay() {
    let stage = stage("vx-mtu");
    stage.sh("ip -n $h link set vx mtu 1500");
    stage.mended("tunnel-mtu", &["1500 bytes of the inner packet and 50 of headers are more than the 1500 that out takes", "MTU 1450"]);
}
