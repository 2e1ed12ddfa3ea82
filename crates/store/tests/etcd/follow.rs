//! What stands there is loaded, what changes is told, and what was missed is known to be missed.

use std::collections::BTreeSet;

use etcd_client::{Txn, TxnOp};
use model::cluster::{Change, Entry, Key};
use store::etcd::{Error, Watch};

use crate::server::{ReachSoon as _, Server};
use crate::{bounded, claim, entries, load, member, network};

/// Changes until there are so many.
async fn changes(watch: &mut Watch, count: usize) -> Vec<Change> {
    let mut changes = Vec::new();
    while changes.len() < count {
        let batch = watch.next().await.unwrap();
        assert!(batch.unreadable.is_empty(), "{:?}", batch.unreadable);
        changes.extend(batch.changes);
    }
    changes
}

#[tokio::test]
async fn what_is_written_is_loaded_and_told() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let empty = load(&client).await;
        assert!(empty.entries.is_empty());
        let mut watch = client.watch(empty.revision).await.unwrap();

        let blue = network("blue", 7, "10.1.0.0/16");
        let block = claim("blue", "10.1.0.64/26", "a");
        client.create_network(&blue).await.unwrap().unwrap();
        client.put_member(&member("a", "m")).await.unwrap().unwrap();
        client.claim_block(&block).await.unwrap().unwrap();
        let released = client.release(&block).await.unwrap().unwrap();
        client.claim_block(&block).await.unwrap().unwrap();

        let vni = Entry::Vni(7, blue.name.clone());
        let stands =
            [Entry::Claim(block.clone()), Entry::Network(blue), Entry::Member(member("a", "m"))];
        let [claimed, created, joined] = stands.clone().map(Change::Put);
        let told = changes(&mut watch, 6).await;
        let gone = Change::Gone(stands[0].key());
        let numbered = Change::Put(vni.clone());
        assert_eq!(told, [created, numbered, joined, claimed.clone(), gone, claimed.clone()]);

        let all: BTreeSet<String> =
            entries(&client).await.iter().map(|entry| entry.key().to_string()).collect();
        let wanted = stands.iter().chain([&vni]).map(|entry| entry.key().to_string());
        assert_eq!(all, wanted.collect());

        // Taken up in the midst, it goes on from there.
        let mut later = client.watch(released).await.unwrap();
        assert_eq!(changes(&mut later, 1).await, [claimed]);
    })
    .await;
}

#[tokio::test]
async fn what_was_compacted_away_is_to_be_loaded_anew() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let before = load(&client).await.revision;
        client.create_network(&network("blue", 7, "10.1.0.0/16")).await.unwrap().unwrap();
        let last = client.put_member(&member("a", "m")).await.unwrap().unwrap();
        let number = i64::try_from(last.number()).unwrap();
        server.etcd().await.compact(number, None).await.unwrap();

        let error = match client.watch(before).await {
            Ok(mut watch) => watch.next().await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error, Error::HistoryGone { revision: before.number() });

        let loaded = load(&client).await;
        assert_eq!(loaded.entries.len(), 3);
        let mut watch = client.watch(loaded.revision).await.unwrap();
        client.put_member(&member("b", "m")).await.unwrap().unwrap();
        assert_eq!(changes(&mut watch, 1).await, [Change::Put(Entry::Member(member("b", "m")))]);
    })
    .await;
}

#[tokio::test]
async fn a_store_that_lost_its_data_is_another() {
    bounded(async {
        let mut server = Server::start().await;
        let client = server.client();
        for number in 0..20 {
            client.put_member(&member(&format!("n{number}"), "m")).await.unwrap().unwrap();
        }
        let before = load(&client).await.revision;
        server.kill();
        server.lose_data();
        server.run();
        client.reach_soon().await;
        let error = client.watch(before).await.err().expect("it is another store");
        assert_eq!(error, Error::HistoryGone { revision: before.number() });
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_told_apart() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let revision = load(&client).await.revision;
        let mut etcd = server.etcd().await;
        etcd.put("/test/nodes/a/member", "{\"of\": \"a later version\"}", None).await.unwrap();
        etcd.put("/test/later/thing", "x", None).await.unwrap();
        etcd.put("/testament", "not ours", None).await.unwrap();
        etcd.delete("/test/later/thing", None).await.unwrap();
        client.put_member(&member("b", "m")).await.unwrap().unwrap();

        let loaded = client.load().await.unwrap();
        let keys: Vec<&str> = loaded.unreadable.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["nodes/a/member"]);
        assert_eq!(loaded.entries, [Entry::Member(member("b", "m"))]);

        let mut watch = client.watch(revision).await.unwrap();
        let (mut told, mut unreadable) = (Vec::new(), Vec::new());
        while told.is_empty() {
            let batch = watch.next().await.unwrap();
            told.extend(batch.changes);
            unreadable.extend(batch.unreadable.into_iter().map(|one| one.key));
        }
        assert_eq!(told, [Change::Put(Entry::Member(member("b", "m")))]);
        assert_eq!(unreadable, ["nodes/a/member", "later/thing", "later/thing"]);

        // What is damaged and goes is told as gone, whatever it was.
        etcd.delete("/test/nodes/a/member", None).await.unwrap();
        let gone = Key::Member("a".parse().unwrap());
        assert_eq!(changes(&mut watch, 1).await, [Change::Gone(gone)]);
    })
    .await;
}

/// More than a page of keys, and more than gRPC takes at once unless told to.
#[tokio::test]
async fn much_is_loaded_at_one_moment_and_told_after_a_long_absence() {
    const CLAIMS: usize = 3000;
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let before = load(&client).await.revision;
        let mut etcd = server.etcd().await;
        let block = |number: usize| {
            let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
            Entry::Claim(claim("blue", &format!("10.{high}.{low}.0/26"), "a"))
        };
        let all: Vec<Entry> = (0..CLAIMS).map(block).collect();
        for some in all.chunks(100) {
            let put =
                |entry: &Entry| TxnOp::put(format!("/test/{}", entry.key()), entry.value(), None);
            let puts: Vec<TxnOp> = some.iter().map(put).collect();
            etcd.txn(Txn::new().and_then(puts)).await.unwrap();
        }
        let large = "x".repeat(1 << 20);
        for _ in 0..8 {
            etcd.put("/test/later/thing", large.clone(), None).await.unwrap();
        }
        // Others write all the while; each loading is of one moment, so it has both or none.
        let writing = tokio::spawn({
            let mut etcd = server.etcd().await;
            async move {
                loop {
                    let pair = ["/test/nodes/0/member", "/test/nodes/z/member"];
                    let member = |key: &str| Entry::Member(member(&key[12..13], "m")).value();
                    let puts = pair.map(|key| TxnOp::put(key, member(key), None));
                    etcd.txn(Txn::new().and_then(puts)).await.unwrap();
                    let deletes = pair.map(|key| TxnOp::delete(key, None));
                    etcd.txn(Txn::new().and_then(deletes)).await.unwrap();
                }
            }
        });
        for _ in 0..5 {
            let loaded = client.load().await.unwrap();
            assert_eq!(loaded.entries[..CLAIMS], all);
            assert!([0, 2].contains(&(loaded.entries.len() - CLAIMS)));
        }
        writing.abort();
        let mut watch = client.watch(before).await.unwrap();
        let mut told = Vec::new();
        while told.len() < CLAIMS {
            told.extend(watch.next().await.unwrap().changes);
        }
        let claims = all.into_iter().map(Change::Put);
        assert!(told.into_iter().take(CLAIMS).eq(claims));
    })
    .await;
}
