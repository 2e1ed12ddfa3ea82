//! With the store away, what is there goes on, and new containers come as long as there are addresses.

use crate::fleet::{Fleet, Ground, blue};

#[test]
fn the_store_killed_and_frozen() {
    let fleet = Fleet::up("away", 2, &Ground::Switch, &blue("auto"));
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    let mut all = vec![web, client];
    fleet.all_reach_all(&all);
    for (away, back) in [
        (["stop", "@keeper", "etcd"], ["start", "@keeper", "etcd"]),
        (["freeze", "@keeper", "etcd"], ["thaw", "@keeper", "etcd"]),
    ] {
        fleet.must(&away);
        fleet.until("the node says that the store is away", || {
            let status = fleet.json("h1", &["status"]).unwrap();
            status["cluster"]["store"]["connected"] == false
        });
        let name = format!("late{}", all.len());
        let late = fleet.attach("h1", &name, &[]).expect("the node has addresses of its own");
        assert!(
            all.iter().all(|other| other.addresses != late.addresses),
            "an address was given twice"
        );
        all.push(late);
        fleet.all_reach_all(&all);
        // A daemon that starts meanwhile serves too.
        fleet.must(&["stop", "@h2", "node"]);
        fleet.must(&["start", "@h2", "node"]);
        fleet.until("the daemon answers", || fleet.json("h2", &["status"]).is_some());
        fleet.all_reach_all(&all);
        fleet.must(&back);
        fleet.until("the store is back", || {
            fleet.hosts.iter().all(|host| {
                let status = fleet.json(host, &["status"]);
                status.is_some_and(|status| status["cluster"]["store"]["connected"] == true)
            })
        });
    }
    fleet.all_reach_all(&all);
}
