//! The store is away: frozen, killed, or part of it. That is noticed, said, and got over.

use std::time::Duration;

use model::cluster::{Change, Entry};
use store::etcd::{Error, Fault, Tried, Watch};
use tokio::time::Instant;

use crate::server::{ReachSoon as _, Server, client, free_ports};
use crate::{alive, bounded, claim, entries, load, member, network, node};

/// What was wrong at each that was asked.
pub(crate) fn faults(error: Error) -> Vec<Fault> {
    let Error::Away { tried } = error else { panic!("{error}") };
    tried.into_iter().map(|Tried::At { fault, .. }| fault).collect()
}

async fn broken(watch: &mut Watch) -> (Vec<Fault>, Duration) {
    let began = Instant::now();
    loop {
        if let Err(error) = watch.next().await {
            return (faults(error), began.elapsed());
        }
    }
}

#[tokio::test]
async fn where_nobody_listens_is_said() {
    bounded(async {
        let [one, two] = free_ports();
        let client = client(&format!("etcd://127.0.0.1:{one},127.0.0.1:{two}"));
        let error = client.load().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the store does not answer: \
                 etcd at 127.0.0.1:{one}: nothing listens there; start etcd, or correct the address, \
                 etcd at 127.0.0.1:{two}: nothing listens there; start etcd, or correct the address"
            )
        );
        let unknown = crate::server::client("etcd://no-such-host.invalid");
        let found = faults(unknown.load().await.unwrap_err());
        assert!(matches!(found[..], [Fault::Unreached { .. }]), "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn one_member_that_is_there_is_found() {
    bounded(async {
        let server = Server::start().await;
        let [nobody] = free_ports();
        let client = client(&format!("etcd://127.0.0.1:{nobody},127.0.0.1:{}", server.port));
        client.put_member(&member("a", "m")).await.unwrap().unwrap();
        assert_eq!(client.reach().await.unwrap().0.port, server.port);
    })
    .await;
}

#[tokio::test]
async fn a_frozen_server_is_noticed_and_got_over() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let ttl = Duration::from_secs(2);
        let mut living = client.alive(&node("a"), &alive("m"), ttl).await.unwrap().unwrap();
        client.create_network(&network("blue", 7, "10.1.0.0/16")).await.unwrap().unwrap();
        let revision = load(&client).await.revision;
        let mut watch = client.watch(revision).await.unwrap();

        server.freeze();
        let began = Instant::now();
        let block = claim("blue", "10.1.0.64/26", "a");
        let (watched, called) = tokio::join!(broken(&mut watch), client.claim_block(&block));
        let (fault, took) = watched;
        assert_eq!(fault, [Fault::NoAnswer { milliseconds: 3000 }]);
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert_eq!(faults(called.unwrap_err()), [Fault::NoAnswer { milliseconds: 3000 }]);
        assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());

        server.thaw();
        client.reach_soon().await;
        let mut watch = client.watch(revision).await.unwrap();
        // It was done or not; asked again, it is.
        client.claim_block(&block).await.unwrap().unwrap();
        // It was frozen for longer than the lease. Whether that counts is up to which it sees first,
        // the hour or the renewals that have waited for it.
        if tokio::time::timeout(ttl * 3, living.ended()).await.is_ok() {
            living = client.alive(&node("a"), &alive("m"), ttl).await.unwrap().unwrap();
        }
        assert!(entries(&client).await.contains(&Entry::Alive(node("a"), alive("m"))));
        client.put_member(&member("b", "m")).await.unwrap().unwrap();
        let written = Change::Put(Entry::Member(member("b", "m")));
        while !watch.next().await.unwrap().changes.contains(&written) {}
        drop(living);
    })
    .await;
}

/// Quiet is not silence: a watch of a store where nothing happens goes on.
#[tokio::test]
async fn a_quiet_store_is_not_away() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let mut watch = client.watch(load(&client).await.revision).await.unwrap();
        let quiet = tokio::time::timeout(Duration::from_millis(5500), watch.next()).await;
        assert!(quiet.is_err(), "{quiet:?}");
        client.put_member(&member("a", "m")).await.unwrap().unwrap();
        // Nor is it away when it was us who did not listen.
        tokio::time::sleep(Duration::from_millis(4500)).await;
        let batch = watch.next().await.unwrap();
        assert_eq!(batch.changes, [Change::Put(Entry::Member(member("a", "m")))]);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_was_killed_is_gone_on_with() {
    bounded(async {
        let mut server = Server::start().await;
        let client = server.client();
        let ttl = Duration::from_secs(5);
        let mut living = client.alive(&node("a"), &alive("m"), ttl).await.unwrap().unwrap();
        let seen = client.put_member(&member("a", "m")).await.unwrap().unwrap();
        let mut watch = client.watch(seen).await.unwrap();
        server.kill();
        let (fault, took) = broken(&mut watch).await;
        assert_eq!(fault, [Fault::Closed]);
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert_eq!(faults(client.load().await.unwrap_err()), [Fault::Refused]);

        server.run();
        client.reach_soon().await;
        let mut watch = client.watch(seen).await.unwrap();
        client.put_member(&member("b", "m")).await.unwrap().unwrap();
        let batch = watch.next().await.unwrap();
        assert_eq!(batch.changes, [Change::Put(Entry::Member(member("b", "m")))]);
        // It was back before the lease ran out, and the lease is renewed by the new connection.
        let lives = tokio::time::timeout(ttl + ttl / 2, living.ended()).await;
        assert!(lives.is_err());
        assert_eq!(entries(&client).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_full_store_says_so_and_is_read_on() {
    bounded(async {
        let server = Server::start_with(&["--quota-backend-bytes=4000000"]).await;
        let client = server.client();
        client.put_member(&member("a", "m")).await.unwrap().unwrap();
        let mut etcd = server.etcd().await;
        let large = "x".repeat(1 << 20);
        let mut written = 0;
        while etcd.put("/elsewhere", large.clone(), None).await.is_ok() {
            written += 1;
            assert!(written < 20, "etcd keeps its quota");
        }
        let error = client.put_member(&member("b", "m")).await.unwrap_err();
        assert_eq!(faults(error), [Fault::Full]);
        assert_eq!(load(&client).await.entries.len(), 1);
    })
    .await;
}

/// Three members, of which one may be away, and not two.
#[tokio::test]
async fn a_member_of_three_may_be_away() {
    bounded(async {
        let ports: [u16; 6] = free_ports();
        let peer = |number: usize| format!("http://127.0.0.1:{}", ports[3 + number]);
        let all = (0..3).map(|number| format!("t{number}={}", peer(number)));
        let all = all.collect::<Vec<_>>().join(",");
        let servers: Vec<Server> = (0..3)
            .map(|number| {
                let own = format!("http://127.0.0.1:{}", ports[number]);
                let arguments = vec![
                    format!("--name=t{number}"),
                    format!("--listen-client-urls={own}"),
                    format!("--advertise-client-urls={own}"),
                    format!("--listen-peer-urls={}", peer(number)),
                    format!("--initial-advertise-peer-urls={}", peer(number)),
                    format!("--initial-cluster={all}"),
                ];
                Server::with(ports[number], arguments)
            })
            .collect();
        let address = ports[..3].iter().map(|port| format!("127.0.0.1:{port}"));
        let client = client(&format!("etcd://{}", address.collect::<Vec<_>>().join(",")));
        client.reach_soon().await;
        let revision = load(&client).await.revision;
        let mut watch = client.watch(revision).await.unwrap();

        let (first, _) = client.reach().await.unwrap();
        let frozen = servers.iter().position(|server| server.port == first.port).unwrap();
        servers[frozen].freeze();
        // Asked first is the one that is frozen; another answers in time.
        let written = member("a", "m");
        let began = Instant::now();
        // If it was the leader, the others first elect one.
        while let Err(error) = client.put_member(&written).await {
            assert!(began.elapsed() < Duration::from_secs(20), "{error}");
        }
        broken(&mut watch).await;
        let mut watch = client.watch(revision).await.unwrap();
        let batch = watch.next().await.unwrap();
        assert_eq!(batch.changes, [Change::Put(Entry::Member(written))]);

        let second = (frozen + 1) % 3;
        servers[second].freeze();
        let error = client.put_member(&member("b", "m")).await.unwrap_err();
        let found = faults(error);
        assert!(found.iter().any(|fault| matches!(fault, Fault::NoAnswer { .. })), "{found:?}");
        for server in [frozen, second] {
            servers[server].thaw();
        }
        client.reach_soon().await;
        client.put_member(&member("b", "m")).await.unwrap().unwrap();
    })
    .await;
}
