//! Containers on different hosts reach each other, by whichever means works.

use crate::fleet::{Fleet, Ground, blue};

#[test]
fn direct_on_one_switch_and_vxlan_behind_a_router() {
    for (ground, by) in [(Ground::Switch, "direct"), (Ground::Router, "vxlan")] {
        let fleet = Fleet::up("reach", 2, &ground, &blue("auto"));
        let web = fleet.attach("h1", "web", &[]).unwrap();
        let client = fleet.attach("h2", "client", &[]).unwrap();
        fleet.until_by("h1", "h2", by);
        fleet.until_by("h2", "h1", by);
        fleet.all_reach_all(&[web.clone(), client.clone()]);
        // As large as the container's link takes.
        let mtu = fleet
            .lab
            .says("h2", &["ip", "netns", "exec", "client", "cat", "/sys/class/net/eth0/mtu"]);
        let (v4, v6) = (mtu.parse::<u32>().unwrap() - 28, mtu.parse::<u32>().unwrap() - 48);
        assert!(fleet.pings(&client, &web.addresses[0], &["-M", "do", "-s", &v4.to_string()]));
        assert!(fleet.pings(&client, &web.addresses[1], &["-M", "do", "-s", &v6.to_string()]));
        // The host itself reaches containers elsewhere, and is reached.
        fleet.until("the host reaches a container elsewhere", || {
            fleet.lab.pings("h2", &web.addresses[0])
        });
    }
}

#[test]
fn both_ends_see_real_addresses_and_nothing_is_kept_per_remote_container() {
    let fleet = Fleet::up("real", 2, &Ground::Router, &blue("vxlan"));
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web.clone(), client.clone()]);
    let script = "ip netns exec web timeout 5 tcpdump -i eth0 -c 1 -n 'icmp[icmptype]==icmp-echo' 2>/dev/null";
    let seen = std::thread::scope(|scope| {
        let seen = scope.spawn(|| fleet.lab.run("h1", &["sh", "-c", script]));
        fleet.until("the ping is seen", || {
            fleet.pings(&client, &web.addresses[0], &[]);
            seen.is_finished()
        });
        seen.join().unwrap()
    });
    let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert!(seen.contains(&client.addresses[0]), "the source was changed on the way: {seen}");
    let count = |what: &str| {
        let all = fleet.lab.says("h1", &["sh", "-c", what]);
        all.parse::<usize>().unwrap()
    };
    let size = || {
        count(
            "(ip route; ip -6 route; ip neigh show dev gx-blue; bridge fdb show dev gx-blue; nft list ruleset) | wc -l",
        )
    };
    let before = size();
    let more: Vec<_> =
        (0..5).map(|i| fleet.attach("h2", &format!("more{i}"), &[]).unwrap()).collect();
    fleet.all_reach_all(&[web, more[4].clone()]);
    assert_eq!(size(), before, "a remote container left something on this host");
}

#[test]
fn the_backend_changes_under_a_ping() {
    let fleet = Fleet::up("change", 2, &Ground::Switch, &blue("direct"));
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web.clone(), client.clone()]);
    let ping =
        format!("ip netns exec client ping -i 0.02 -c 400 -W 1 {} | tail -2", web.addresses[0]);
    let said = std::thread::scope(|scope| {
        let said = scope.spawn(|| fleet.lab.says("h2", &["sh", "-c", &ping]));
        for backend in ["vxlan", "auto", "vxlan", "direct"] {
            std::thread::sleep(std::time::Duration::from_millis(1200));
            let set =
                fleet.lab.run("h1", &["glassnet", "network", "set", "blue", "--backend", backend]);
            assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
        }
        said.join().unwrap()
    });
    let received: usize =
        said.split(" received").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(received >= 396, "too many were lost while the backend changed: {said}");
    fleet.until_by("h1", "h2", "direct");
}

#[test]
fn a_published_port_is_reached_from_the_other_host_s_containers_and_from_its_own() {
    for (ground, backend) in [(Ground::Switch, "direct"), (Ground::Router, "vxlan")] {
        let fleet = Fleet::up("publish", 2, &ground, &blue(backend));
        let web = fleet.attach("h1", "web", &["--publish", "8080:80"]).unwrap();
        let client = fleet.attach("h2", "client", &[]).unwrap();
        fleet.all_reach_all(&[web, client]);
        let serve = "mkdir -p /tmp/w; echo hello >/tmp/w/index.html; \
                     ip netns exec web busybox httpd -p 80 -h /tmp/w";
        fleet.lab.says("h1", &["sh", "-ec", serve]);
        let h1 = match ground {
            Ground::Switch => ["192.0.2.1", "[2001:db8::1]"],
            Ground::Router => ["198.51.1.1", "[2001:db8:1::1]"],
        };
        for address in h1 {
            let url = format!("http://{address}:8080/");
            let fetch = |host: &str, container: &str| {
                let get = ["busybox", "timeout", "3", "busybox", "wget", "-q", "-O", "-", &url];
                let inside = [&["ip", "netns", "exec", container], &get[..]].concat();
                let said = fleet.lab.run(host, &inside);
                assert_eq!(
                    String::from_utf8_lossy(&said.stdout).trim(),
                    "hello",
                    "{url} from {container}"
                );
            };
            fetch("h2", "client");
            fetch("h1", "web");
            assert_eq!(
                fleet.lab.fetch("h2", &url).as_deref(),
                Some("hello"),
                "{url} from the host"
            );
        }
    }
}
