//! Packets that do not come back, or come back wrongly.

use crate::stage::Stage;

/// F21, cilium#10645: systemd sets `rp_filter` on links that somebody else routes by.
#[test]
fn the_route_back_is_another_than_the_packet_came_by() {
    let stage = Stage::new("rp");
    stage.is_well();
    stage.sh("ip netns exec $h sysctl -qw net.ipv4.conf.br0.rp_filter=1
              ip -n $h link add other type veth peer name rest; ip -n $h link set other up; ip -n $h link set rest up
              ip -n $h addr add 10.9.7.1/24 dev other; ip -n $h route add 10.9.1.2/32 dev other
              mac=$(ip netns exec $h cat /sys/class/net/br0/address)
              ip -n $w neigh replace 10.9.1.1 lladdr $mac dev eth0 nud reachable");
    let words = ["the way back to 10.9.1.2 is not by br0", "net/ipv4/conf/br0/rp_filter"];
    stage.finds("cut-off", &words);
    stage.trace("$w 192.168.9.2", 1, &words);
}

/// F23, kubernetes#13375: what answers is on the same bridge as who asked, and the bridge does not let
/// netfilter see it.
#[test]
fn an_answer_crosses_the_bridge_without_being_translated_back() {
    let mut stage = Stage::new("bypass");
    stage.serve("x", 80);
    stage.sh("ip netns exec $h nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; \
              add rule ip n pre ip daddr 10.96.0.1 tcp dport 80 dnat to 10.9.1.3'
              ip netns exec $h sysctl -qw net.bridge.bridge-nf-call-iptables=0");
    let words = "$w 10.96.0.1 --port 80";
    stage.trace(
        words,
        1,
        &[
            "delivered to busybox",
            "the answer comes from 10.9.1.3, which is not whom",
            "bridge-nf-call-iptables=1",
        ],
    );
    stage.sh(&stage.trace_command(words));
    stage.trace(words, 0, &["delivered to busybox"]);
}

/// F23: a container asks for the service that it is itself.
#[test]
fn a_container_does_not_reach_itself_by_its_service() {
    let mut stage = Stage::new("hairpin");
    stage.serve("w", 80);
    stage.sh("ip netns exec $h nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; \
              add rule ip n pre ip daddr 10.96.0.1 tcp dport 80 dnat to 10.9.1.2; \
              add chain ip n post { type nat hook postrouting priority 100; }; \
              add rule ip n post ip saddr 10.9.1.2 ip daddr 10.9.1.2 masquerade'");
    let words = "$w 10.96.0.1 --port 80";
    stage.trace(words, 1, &["port w0 does not send back (hairpin is off)"]);
    stage.sh(&stage.trace_command(words));
    stage.trace(words, 0, &["delivered to busybox"]);
}

/// F24, moby#8795: a UDP flow goes on to a container that is gone.
#[test]
fn a_known_connection_leads_to_a_dead_container() {
    let stage = Stage::new("stale");
    stage.sh("ip netns exec $h nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; \
              add rule ip n pre udp dport 53 dnat to 10.9.1.9'");
    stage.send_udp("o", "192.168.9.2:4000", "192.168.9.1:53");
    stage.sh("ip netns exec $h conntrack -L -p udp 2>/dev/null | grep -q src=10.9.1.9");
    // The rule knows better by now.
    stage.sh("ip netns exec $h nft flush chain ip n pre
              ip netns exec $h nft add rule ip n pre udp dport 53 dnat to 10.9.1.3");
    let words = "$o 192.168.9.1 --proto udp --port 53 --from-port 4000";
    stage.trace(words, 1, &["known connection", "nobody on br0 has 10.9.1.9", "conntrack -D"]);
    stage.mended(
        "stale-connection",
        &["go to 10.9.1.9, which is dead", "192.168.9.2:4000 → 192.168.9.1:53"],
    );
}

/// F24: an engine that died has left what it had published.
#[test]
fn a_port_is_published_of_a_container_that_is_gone() {
    let stage = Stage::new("published");
    stage.sh("ip netns exec $h nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; \
              add rule ip n pre tcp dport 8080 dnat to 10.9.1.3:80; add rule ip n pre tcp dport 8081 dnat to 10.9.1.9:80'");
    stage.mended(
        "published-to-nobody",
        &["publishes a port of 10.9.1.9", "tcp dport 8081 dnat to 10.9.1.9:80"],
    );
    stage.sh("ip netns exec $h iptables-nft -t nat -A PREROUTING -p tcp --dport 8082 -j DNAT --to-destination 10.9.1.9:80");
    stage.mended("published-to-nobody", &["10.9.1.9", "-p tcp -m tcp --dport 8082 -j DNAT"]);
}

/// F30, moby#12565: small packets work, large ones hang.
#[test]
fn a_link_on_the_way_takes_less() {
    let stage = Stage::new("mtu");
    stage.sh("ip -n $h link set out mtu 1400");
    stage.trace("$w 192.168.9.2 --size 100", 0, &[]);
    stage.trace(
        "$w 192.168.9.2 --proto udp --port 9 --size 1472",
        1,
        &["1500 bytes are more than out takes (1400)", "send at most 1400 bytes"],
    );
}
