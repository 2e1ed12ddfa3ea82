//! The CNI program dies at each of its failpoints and at each write to the queue; the engine, which
//! was told nothing, sends its DEL again.

use crate::client_failpoint;
use crate::host::{Container, Host, in_a_private_host};
use crate::left;
use std::collections::{BTreeMap, BTreeSet};

/// How the verb is called that dies.
#[derive(Clone, Copy, Debug)]
enum Call {
    Add,
    Del,
    /// With no daemon to ask.
    DelAlone,
    /// The same before there ever was a daemon.
    DelFirst,
}

#[test]
fn the_cni_program_may_die_anywhere() {
    let points = [client_failpoint::ALL, store::failpoint::ALL].concat();
    let mut deaths = BTreeMap::new();
    for point in points {
        for call in [Call::Add, Call::Del, Call::DelAlone, Call::DelFirst] {
            for count in 1..100 {
                let armed = format!("{}:{count}", point.name());
                if !in_a_private_host(|| dies(call, &armed)) {
                    break;
                }
                *deaths.entry(point.name()).or_insert(0) += 1;
            }
        }
    }
    println!("deaths of the CNI program: {deaths:?}");
    let own = client_failpoint::ALL.iter().map(|point| point.name());
    // What it takes to queue a DEL.
    let queue = ["directory.made", "directory.synced"].into_iter().chain([
        "file.created",
        "file.written",
        "file.synced",
        "file.renamed",
        "file.directory-synced",
    ]);
    let never: Vec<_> = own.chain(queue).filter(|name| !deaths.contains_key(name)).collect();
    assert!(never.is_empty(), "declared and never hit: {never:?}");
}

/// Whether it died. Whatever it came to, nothing is left in the end.
fn dies(call: Call, armed: &str) -> bool {
    let when = format!("{call:?} {armed}");
    let host = Host::new();
    let container = Container::new("one", Some(8000));
    let mut given = BTreeSet::new();
    let died = if let Call::DelFirst = call {
        host.cni_dies_at("DEL", &container, armed)
    } else {
        host.recover();
        host.create_network().unwrap();
        if let Call::Add = call {
            host.cni_dies_at("ADD", &container, armed)
        } else {
            given.extend(host.cni("ADD", &container).unwrap());
            if let Call::DelAlone = call {
                host.kill();
            }
            host.cni_dies_at("DEL", &container, armed)
        }
    };
    given.extend(container.addresses());
    // One that was told that the DEL is done, or will be, sends no other.
    if died {
        host.cni("DEL", &container).unwrap();
    } else if let Call::Add = call {
        return false;
    }
    host.recover();
    if let Call::DelFirst = call {
        host.create_network().unwrap();
    }
    host.until_held(0).unwrap();
    host.until_queue_is_empty();
    left::nothing(&host, &given, &when);
    assert_eq!(container.addresses(), Vec::<std::net::IpAddr>::new(), "{when}");
    died
}
