//! The journal's header is damaged while a container lives: its lease must not be void, for then
//! the daemon would take its link for a leak and delete it.

use crate::host::{Container, Host, in_a_private_host};
use crate::left;
use std::collections::BTreeSet;
use std::fs;

/// Runs a daemon with one container, spoils the files, and runs it again.
fn lives_through(what: &str, spoil: impl Fn(&Host) + Sync) {
    in_a_private_host(|| {
        let (host, one) = (Host::new(), Container::new("one", Some(8000)));
        host.recover();
        host.create_network().unwrap();
        let told: BTreeSet<_> = host.cni("ADD", &one).unwrap().into_iter().collect();
        host.kill();
        let found = settings_found(&host);
        assert!(found > 0, "the daemon has turned forwarding on");
        spoil(&host);
        for start in ["first", "second"] {
            host.recover();
            left::exactly(&host, std::slice::from_ref(&one), &told, &format!("{what}, {start}"));
            host.kill();
        }
        assert_eq!(settings_found(&host), found, "{what}: what was found before ours is known");
        host.recover();
        let two = Container::new("two", None);
        let others = host.cni("ADD", &two).unwrap();
        assert!(others.iter().all(|address| !told.contains(address)), "{what}: {others:?}");
        host.cni("DEL", &one).unwrap();
        host.cni("DEL", &two).unwrap();
        host.until_held(0).unwrap();
        left::nothing(&host, &told.into_iter().chain(others).collect(), what);
    });
}

fn settings_found(host: &Host) -> usize {
    let journal = String::from_utf8_lossy(&fs::read(host.journal()).unwrap()).into_owned();
    journal.matches("\"setting_found\"").collect::<Vec<_>>().len()
}

fn spoil_header(host: &Host) {
    let mut journal = fs::read(host.journal()).unwrap();
    journal[..32].fill(0xff);
    fs::write(host.journal(), journal).unwrap();
}

#[test]
fn a_damaged_header_costs_a_live_container_nothing() {
    lives_through("a damaged header", spoil_header);
    lives_through("a damaged header and a lost copy", |host| {
        spoil_header(host);
        fs::remove_file(host.journal().with_extension("boot")).unwrap();
    });
    lives_through("a damaged header and a damaged copy", |host| {
        spoil_header(host);
        fs::write(host.journal().with_extension("boot"), [0; 32]).unwrap();
    });
}

#[test]
fn with_nothing_of_ours_in_the_kernel_leases_of_an_unknown_boot_are_void() {
    let before = Host::new_on_disk();
    in_a_private_host(|| {
        before.recover();
        before.create_network().unwrap();
        before.cni("ADD", &Container::new("one", None)).unwrap();
        before.kill();
        spoil_header(&before);
        fs::remove_file(before.journal().with_extension("boot")).unwrap();
    });
    // Another kernel state, as after a boot.
    in_a_private_host(|| {
        before.recover();
        assert_eq!(before.held().unwrap(), Vec::<serde_json::Value>::new());
        let networks = before.cli(&["network", "ls", "--json"]).unwrap();
        assert!(networks.contains(crate::host::NETWORK), "networks outlive a boot: {networks}");
        before.cni("ADD", &Container::new("one", None)).unwrap();
        before.kill();
    });
}
