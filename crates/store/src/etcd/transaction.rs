//! One transaction of etcd: conditions, what is done if all hold, what is read if one does not.

use etcd_client::{
    Compare, CompareOp, DeleteOptions, GetOptions, KeyValue, Txn, TxnOp, TxnOpResponse,
};
use model::cluster::{Entry, Key, Unreadable};

use super::{Client, Error, Revision};

/// How often a change is tried that others get in the way of.
pub(super) const TRIES: usize = 8;

/// What a transaction came to.
pub(super) struct Answer {
    pub(super) done: bool,
    pub(super) revision: Revision,
    /// What each read found, if it was not done.
    pub(super) found: Vec<Vec<KeyValue>>,
}

impl Client {
    /// Carries a transaction out. It is sent again when an answer is lost, so what it does must make
    /// its own conditions false, or not matter twice.
    pub(super) async fn transact(
        &self,
        when: Vec<Compare>,
        then: Vec<TxnOp>,
        otherwise: Vec<TxnOp>,
    ) -> Result<Answer, Error> {
        let transaction = Txn::new().when(when).and_then(then).or_else(otherwise);
        let ask = |mut etcd: etcd_client::Client| {
            let transaction = transaction.clone();
            async move { etcd.txn(transaction).await }
        };
        let (answer, _) = self.call(ask).await?;
        let mut found = Vec::new();
        for response in answer.op_responses() {
            if let TxnOpResponse::Get(mut read) = response {
                found.push(read.take_kvs());
            }
        }
        Ok(Answer { done: answer.succeeded(), revision: Revision::of(answer.header()), found })
    }

    /// What stands at a key, with the revision of its last change: 0 where nothing stands, which is
    /// what etcd compares an absent key with.
    pub(super) async fn read(&self, key: &Key) -> Result<(Option<Entry>, i64, Revision), Error> {
        let place = self.place(key);
        let ask = |mut etcd: etcd_client::Client| {
            let place = place.clone();
            async move { etcd.get(place, None).await }
        };
        let (answer, _) = self.call(ask).await?;
        let revision = Revision::of(answer.header());
        let Some(found) = answer.kvs().first() else { return Ok((None, 0, revision)) };
        Ok((Some(self.entry(found)?), found.mod_revision(), revision))
    }

    /// Where a key stands in etcd.
    pub(super) fn place(&self, key: &Key) -> String {
        self.under(&key.to_string())
    }

    pub(super) fn under(&self, key: &str) -> String {
        format!("{}{key}", self.options().prefix)
    }

    /// What was read at a place of etcd.
    pub(super) fn parse(&self, found: &KeyValue) -> Result<Entry, Unreadable> {
        Entry::parse(&self.key(found)?, found.value())
    }

    /// The key of ours at a place of etcd.
    pub(super) fn key(&self, found: &KeyValue) -> Result<String, Unreadable> {
        let place = found.key_str().ok();
        let key = place.and_then(|place| place.strip_prefix(&self.options().prefix));
        key.map(str::to_owned).ok_or_else(|| Unreadable {
            key: String::from_utf8_lossy(found.key()).into_owned(),
            why: "no key of this version".to_owned(),
        })
    }

    pub(super) fn entry(&self, found: &KeyValue) -> Result<Entry, Error> {
        self.parse(found).map_err(|Unreadable { key, why }| Error::Unreadable { key, why })
    }

    pub(super) fn put(&self, entry: &Entry) -> TxnOp {
        TxnOp::put(self.place(&entry.key()), entry.value(), None)
    }

    pub(super) fn delete(&self, key: &Key) -> TxnOp {
        TxnOp::delete(self.place(key), None::<DeleteOptions>)
    }

    pub(super) fn get(&self, key: &Key) -> TxnOp {
        TxnOp::get(self.place(key), None::<GetOptions>)
    }

    pub(super) fn absent(&self, key: &Key) -> Compare {
        Compare::create_revision(self.place(key), CompareOp::Equal, 0)
    }

    pub(super) fn present(&self, key: &Key) -> Compare {
        Compare::create_revision(self.place(key), CompareOp::Greater, 0)
    }

    /// Holds if nobody changed the key since it was read.
    pub(super) fn unchanged(&self, key: &Key, revision: i64) -> Compare {
        Compare::mod_revision(self.place(key), CompareOp::Equal, revision)
    }

    /// Holds if exactly this stands at its key.
    pub(super) fn stands(&self, entry: &Entry) -> Compare {
        Compare::value(self.place(&entry.key()), CompareOp::Equal, entry.value())
    }

    /// Holds if nothing stands in a range of keys: a condition on a range holds for each key that is
    /// there, and none has been created at revision 0.
    pub(super) fn empty(&self, (first, end): &(String, String)) -> Compare {
        Compare::create_revision(self.under(first), CompareOp::Equal, 0).with_range(self.under(end))
    }
}
