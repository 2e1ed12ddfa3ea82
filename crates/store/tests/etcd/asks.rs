//! Questions of one node to another: who is asked hears them, who waits gets the answer, and soon
//! nothing of it is left.

use std::time::{Duration, Instant};

use etcd_client::GetOptions;
use model::cluster::trace::{MOST_QUESTION, Slot};
use tokio::time::timeout;

use crate::server::{ReachSoon as _, Server};
use crate::{bounded, entries, node};

fn slot(asker: &str, asked: &str, id: &str) -> Slot {
    Slot { asker: node(asker), asked: node(asked), id: id.to_owned() }
}

#[tokio::test]
async fn a_question_is_heard_and_its_answer_awaited() {
    bounded(async {
        let server = Server::start().await;
        let (a, b) = (server.client(), server.client());
        // Of before is nothing told.
        a.ask(&slot("a", "b", "old"), b"too late").await.unwrap();
        let mut questions = b.questions().await.unwrap();
        let follows = a.load().await.unwrap().revision;
        let mut cluster = a.watch(follows).await.unwrap();

        let first = slot("a", "b", "1");
        let asked = a.ask(&first, b"where?").await.unwrap();
        let heard = questions.next().await.unwrap();
        assert_eq!(heard.len(), 1);
        assert_eq!((&heard[0].slot, heard[0].value.as_deref()), (&first, Some(&b"where?"[..])));

        let waiting = tokio::spawn({
            let (a, first) = (a.clone(), first.clone());
            async move { a.answered(&first, asked).await }
        });
        b.answer(&slot("a", "b", "2"), b"to another").await.unwrap();
        b.answer(&slot("c", "b", "1"), b"to somebody else").await.unwrap();
        b.answer(&first, b"there").await.unwrap();
        assert_eq!(waiting.await.unwrap().unwrap(), b"there");
        // An answer that was there already is found, too.
        assert_eq!(a.answered(&first, asked).await.unwrap(), b"there");
        let later = a.ask(&slot("a", "b", "3"), b"?").await.unwrap();
        let none = timeout(Duration::from_millis(300), a.answered(&first, later)).await;
        assert!(none.is_err(), "an answer of before the question");

        // Who follows the cluster hears nothing of it.
        assert!(entries(&a).await.is_empty());
        let told = timeout(Duration::from_millis(300), async {
            loop {
                let batch = cluster.next().await.unwrap();
                if !batch.changes.is_empty() || !batch.unreadable.is_empty() {
                    return batch;
                }
            }
        });
        assert!(told.await.is_err(), "the cluster was told of a question");
    })
    .await;
}

#[tokio::test]
async fn what_is_too_large_is_heard_without_its_text() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let mut questions = client.questions().await.unwrap();
        for (id, size) in [("fits", MOST_QUESTION), ("large", MOST_QUESTION + 1)] {
            client.ask(&slot("a", "b", id), &vec![b'x'; size]).await.unwrap();
            let heard = questions.next().await.unwrap();
            assert_eq!(heard[0].slot.id, id);
            assert_eq!(heard[0].value.is_some(), id == "fits");
        }
        // What is no question's place is passed over.
        let mut etcd = server.etcd().await;
        etcd.put("/test.traces/asked/a/b", "no id", None).await.unwrap();
        client.ask(&slot("a", "b", "next"), b"").await.unwrap();
        assert_eq!(questions.next().await.unwrap()[0].slot.id, "next");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_after_a_while_and_a_lost_lease_is_made_good() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        client.reach_soon().await;
        let mut etcd = server.etcd().await;
        client.ask(&slot("a", "b", "1"), b"?").await.unwrap();
        for lease in etcd.leases().await.unwrap().leases() {
            etcd.lease_revoke(lease.id()).await.unwrap();
        }
        client.ask(&slot("a", "b", "2"), b"?").await.unwrap();
        client.answer(&slot("b", "a", "3"), b"!").await.unwrap();
        let leases = etcd.leases().await.unwrap().leases().len();
        assert_eq!(leases, 1, "what is written within seconds shares a lease");

        let started = Instant::now();
        loop {
            let all = Some(GetOptions::new().with_prefix().with_count_only());
            let count = etcd.get("/test.traces/", all).await.unwrap().count();
            if count == 0 {
                break;
            }
            assert_eq!(count, 2);
            assert!(started.elapsed() < Duration::from_secs(30), "it stays");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert!(started.elapsed() > Duration::from_secs(5), "it is gone before it can be read");
    })
    .await;
}
