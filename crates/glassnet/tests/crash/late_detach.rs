//! A DEL while the same container's ADD is under way: the engine gave up on it. The DEL succeeds, the
//! ADD fails and takes back what it did, and its lease is not freed before that.

use crate::host::{Container, HANG, Host, in_a_private_host};
use crate::left;
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// How the daemon calls an attachment in the midst of each.
const ATTACHING: &str = "attaching";
const DETACHING: &str = "detaching";

/// What the daemon says of the container, if it knows of it.
fn state(host: &Host, container: &Container) -> Option<String> {
    let rows = host.held().unwrap();
    let row = rows.iter().find(|row| row["container"] == container.name.as_str())?;
    Some(row["state"].as_str().unwrap().to_owned())
}

fn until(host: &Host, container: &Container, wanted: &str) {
    let deadline = Instant::now() + HANG;
    while state(host, container).as_deref() != Some(wanted) {
        assert!(Instant::now() < deadline, "{} is never {wanted}", container.name);
        thread::sleep(Duration::from_millis(2));
    }
}

/// The attach pauses at the failpoint, for a second.
fn detached_at(failpoint: &str) {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let other = Container::new("other", Some(8001));
        let mut given: BTreeSet<_> = host.cni("ADD", &other).unwrap().into_iter().collect();
        host.start(Some(&format!("{failpoint}=1000")), "").unwrap();

        let fickle = Container::new("fickle", Some(8000));
        thread::scope(|scope| {
            let add = scope.spawn(|| host.cni("ADD", &fickle));
            until(&host, &fickle, ATTACHING);
            given.extend(fickle.addresses());
            let first = scope.spawn(|| host.cni("DEL", &fickle));
            let second = scope.spawn(|| host.cni("DEL", &fickle));
            until(&host, &fickle, DETACHING);
            // This one's link is deleted meanwhile, and its lease freed.
            host.cni("DEL", &other).unwrap();
            let deadline = Instant::now() + HANG;
            while state(&host, &other).is_some() {
                assert!(Instant::now() < deadline, "{failpoint}: the other is never freed");
            }
            let fickles = state(&host, &fickle);
            if !add.is_finished() {
                assert_eq!(fickles.as_deref(), Some(DETACHING), "{failpoint}: freed too early");
            }
            let refused = add.join().unwrap().unwrap_err();
            let because = "was detached while it was being attached";
            assert!(refused.contains("\"code\":11") && refused.contains(because), "{refused}");
            first.join().unwrap().unwrap();
            second.join().unwrap().unwrap();
        });
        // It is seen through: nobody has to ask again.
        host.until_held(0).unwrap();
        left::nothing(&host, &given, failpoint);
        given.extend(host.cni("ADD", &fickle).unwrap());
        host.cni("DEL", &fickle).unwrap();
        host.until_held(0).unwrap();
        left::nothing(&host, &given, failpoint);
    });
}

#[test]
fn a_detach_into_an_attach_is_neither_refused_nor_lost() {
    detached_at("daemon.attach.leased");
    detached_at("daemon.attach.connected");
}

#[test]
fn a_detach_into_an_attach_is_not_lost_with_the_daemon() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        host.start(Some("daemon.attach.connected=60000"), "").unwrap();
        let fickle = Container::new("fickle", Some(8000));
        let given = thread::scope(|scope| {
            let add = scope.spawn(|| host.cni("ADD", &fickle));
            until(&host, &fickle, ATTACHING);
            let del = scope.spawn(|| host.cni("DEL", &fickle));
            until(&host, &fickle, DETACHING);
            let given = fickle.addresses().into_iter().collect();
            host.kill();
            assert!(add.join().unwrap().unwrap_err().contains("\"code\":11"));
            // The CNI program got no answer, and has queued it.
            del.join().unwrap().unwrap();
            given
        });
        host.recover();
        host.until_held(0).unwrap();
        left::nothing(&host, &given, "the daemon died");
    });
}
