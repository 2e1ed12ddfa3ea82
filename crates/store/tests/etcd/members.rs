//! A node is there while it says so, and what it left is removed once it does not.

use std::time::Duration;

use model::cluster::{Change, Entry, Key};
use store::etcd::{Client, Living, Refusal, Watch};
use tokio::time::{Instant, timeout};

use crate::server::Server;
use crate::{alive, bounded, claim, entries, load, member, network, node};

/// The shortest that etcd grants.
const TTL: Duration = Duration::from_secs(2);

async fn live(client: &Client, called: &str, machine: &str) -> Living {
    client.alive(&node(called), &alive(machine), TTL).await.unwrap().unwrap()
}

async fn until(watch: &mut Watch, change: Change) -> Duration {
    let began = Instant::now();
    while !watch.next().await.unwrap().changes.contains(&change) {}
    began.elapsed()
}

#[tokio::test]
async fn who_falls_silent_is_gone_and_who_does_not_is_not() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let mut watch = client.watch(load(&client).await.revision).await.unwrap();
        let mut stays = live(&client, "stays", "m1").await;
        let falls = live(&server.client(), "falls", "m2").await;
        let leaves = live(&server.client(), "leaves", "m3").await;

        leaves.leave().await.unwrap();
        let gone = |called| Change::Gone(Key::Alive(node(called)));
        let took = until(&mut watch, gone("leaves")).await;
        assert!(took < Duration::from_secs(1), "{took:?}");

        tokio::time::sleep(TTL * 2).await;
        assert_eq!(entries(&client).await.len(), 2);
        drop(falls);
        let took = until(&mut watch, gone("falls")).await;
        assert!(took < TTL * 3, "{took:?}");
        assert_eq!(entries(&client).await, [Entry::Alive(node("stays"), alive("m1"))]);
        timeout(Duration::from_millis(100), stays.ended()).await.expect_err("it lives");
    })
    .await;
}

#[tokio::test]
async fn a_name_is_of_one_machine() {
    bounded(async {
        let server = Server::start().await;
        let (client, other) = (server.client(), server.client());
        let held = Refusal::NameHeld { node: node("a"), machine: "m1".to_owned() };
        let first = live(&client, "a", "m1").await;
        let refused = other.alive(&node("a"), &alive("m2"), TTL).await.unwrap();
        assert_eq!(refused.err(), Some(held.clone()));
        let refused = other.put_member(&member("a", "m2")).await.unwrap();
        assert_eq!(refused, Err(held));
        client.put_member(&member("a", "m1")).await.unwrap().unwrap();

        // The same machine, started again before its lease of before has run out.
        let mut again = live(&client, "a", "m1").await;
        drop(first);
        tokio::time::sleep(TTL * 2).await;
        assert!(entries(&client).await.contains(&Entry::Alive(node("a"), alive("m1"))));
        timeout(Duration::from_millis(100), again.ended()).await.expect_err("it lives");

        // What it is not said to hold any more, another may take.
        again.leave().await.unwrap();
        let _other = live(&other, "a", "m2").await;
        other.put_member(&member("a", "m2")).await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn who_is_let_go_of_is_told() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let mut living = live(&client, "a", "m").await;
        let mut etcd = server.etcd().await;
        let lease = etcd.leases().await.unwrap().leases()[0].id();
        etcd.lease_revoke(lease).await.unwrap();
        living.ended().await;
        assert!(entries(&client).await.is_empty());
        let _again = live(&client, "a", "m").await;
        assert_eq!(entries(&client).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_node_left_is_removed() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let prefix =
            |number: u32| format!("{}/26", std::net::Ipv4Addr::from(0x0a01_0000 + number * 64));
        client.create_network(&network("blue", 7, "10.1.0.0/16")).await.unwrap().unwrap();
        for called in ["a", "b"] {
            client.put_member(&member(called, called)).await.unwrap().unwrap();
        }
        // More than one transaction takes, in turn with another's.
        for number in 0..330 {
            let of = if number % 3 == 0 { "b" } else { "a" };
            let block = claim("blue", &prefix(number), of);
            client.claim_block(&block).await.unwrap().unwrap();
        }
        let living = live(&client, "a", "a").await;
        let refused = Refusal::StillAlive { node: node("a"), machine: "a".to_owned() };
        assert_eq!(client.forget_node(&node("a")).await.unwrap(), Err(refused));
        assert_eq!(entries(&client).await.len(), 2 + 2 + 330 + 1);

        living.leave().await.unwrap();
        for _ in 0..2 {
            client.forget_node(&node("a")).await.unwrap().unwrap();
        }
        let left = entries(&client).await;
        assert_eq!(left.len(), 2 + 1 + 110);
        let ours = |entry: &&Entry| matches!(entry, Entry::Claim(claim) if claim.node == node("b"));
        assert_eq!(left.iter().filter(ours).count(), 110);
        assert!(left.contains(&Entry::Member(member("b", "b"))));
    })
    .await;
}
