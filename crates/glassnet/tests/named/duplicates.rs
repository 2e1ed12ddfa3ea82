//! Two who have one address, and addresses that are not in use yet.

use crate::stage::{Stage, until};

/// F6, moby#33795: two containers were given one address.
#[test]
fn two_macs_answer_for_one_address() {
    let stage = Stage::new("twice");
    stage.sh("ip -n $x addr add 10.9.1.2/24 dev eth0");
    stage.mended("address-twice", &["two MACs answer for 10.9.1.2", "$w eth0", "$x eth0"]);
}

/// F7, calico#13858: a tunnel's address is given to a container.
#[test]
fn a_container_has_the_address_of_a_link_of_its_host() {
    let stage = Stage::new("tunnel-ip");
    stage.sh("ip -n $h link add tunl type bridge; ip -n $h addr add 10.9.1.2/32 dev tunl; ip -n $h link set tunl up");
    stage.mended("address-twice", &["two MACs answer for 10.9.1.2", "$h br0", "$w eth0"]);
}

#[test]
fn two_containers_have_one_mac_address() {
    let stage = Stage::new("mac");
    stage.sh("mac=$(ip netns exec $w cat /sys/class/net/eth0/address); ip -n $x link set eth0 address $mac");
    let forget = "ip -n $h link set br0 type bridge fdb_flush";
    stage.mended_by("mac-twice", &["$w eth0", "$x eth0", "have one MAC address"], forget);
}

/// F16, plugins#680: an IPv6 address may be used after duplicate address detection only.
#[test]
fn an_address_is_still_being_checked() {
    let stage = Stage::new("dad");
    // Long enough to ask meanwhile.
    stage.sh("ip netns exec $x sysctl -qw net.ipv6.conf.eth0.dad_transmits=60
              ip -n $x addr add fd09:1::77/64 dev eth0");
    stage.trace(
        "$w fd09:1::77",
        1,
        &["nobody on eth0 has fd09:1::77", "tentative", "duplicate address detection"],
    );
}

/// RFC 4862 §5.4: who asks for an address that another has does not get it.
#[test]
fn duplicate_address_detection_found_another() {
    let stage = Stage::new("failed");
    stage.sh("ip -n $x addr add fd09:1::2/64 dev eth0");
    until("the kernel has found it taken", || {
        stage.succeeds("ip -n $x addr show dev eth0 | grep dadfailed")
    });
    let words = ["$x eth0 does not use its address fd09:1::2", "dadfailed", "$w eth0"];
    let command = stage.finds("duplicate-address", &words);
    stage.sh(
        "ip -n $w addr del fd09:1::2/64 dev eth0; ip -n $w addr add fd09:1::8/64 dev eth0 nodad",
    );
    stage.sh(&command);
    until("it is in use", || stage.doctor().is_empty());
}
