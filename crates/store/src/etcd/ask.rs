//! What nodes ask each other through the store, and what they answer: it stands beside the rest of the
//! cluster, so that it wakes nobody who follows that, and it is gone after a while.
//!
//! Every node follows the questions, which are small, and picks out its own. An answer may be large;
//! only who waits for it is sent it. Each node writes below its own name.

use std::time::Duration;

use etcd_client::{Event, EventType, PutOptions};
use model::cluster::trace::{MOST_QUESTION, Slot};
use tokio::time::Instant;

use super::connection::Unanswered;
use super::load::after_all_of;
use super::watch::Watch;
use super::{Client, Error, Revision};

/// How long it stands, in seconds. One lease serves what is written in the first third of it.
const KEPT: i64 = 15;

/// A question that was put to this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub slot: Slot,
    /// `None`: larger than a question may be.
    pub value: Option<Vec<u8>>,
}

/// Questions as they come.
pub struct Questions {
    watch: Watch,
    place: String,
}

impl Client {
    /// Writes a question; its answer comes later than the revision.
    pub async fn ask(&self, slot: &Slot, value: &[u8]) -> Result<Revision, Error> {
        self.put_for_a_while(&slot.question(), value).await
    }

    /// Writes an answer.
    pub async fn answer(&self, slot: &Slot, value: &[u8]) -> Result<Revision, Error> {
        self.put_for_a_while(&slot.answer(), value).await
    }

    /// Waits for the answer to a question that was written at this revision, for ever if none comes.
    pub async fn answered(&self, slot: &Slot, asked: Revision) -> Result<Vec<u8>, Error> {
        let place = self.beside(&slot.answer());
        let mut after = asked;
        loop {
            let mut watch = self.watch_range(&place, &format!("{place}\0"), after).await?;
            loop {
                let heard = match watch.hear().await {
                    Ok(heard) => heard,
                    // The member is away; another may have it.
                    Err(Error::Away { .. }) => break,
                    Err(error) => return Err(error),
                };
                let mut put =
                    heard.events().iter().filter(|one| one.event_type() == EventType::Put);
                if let Some(found) = put.find_map(Event::kv) {
                    return Ok(found.value().to_vec());
                }
                after = Revision::of(heard.header());
            }
        }
    }

    /// Follows the questions that are put from now on.
    pub async fn questions(&self) -> Result<Questions, Error> {
        let place = self.beside(Slot::QUESTIONS);
        let (_, now) = self.reach().await?;
        let watch = self.watch_range(&place, &after_all_of(&place), now).await?;
        Ok(Questions { watch, place })
    }

    /// A place that is not below the cluster's prefix and does not lie among what is.
    fn beside(&self, key: &str) -> String {
        format!("{}.traces/{key}", self.options().prefix.trim_end_matches('/'))
    }

    async fn put_for_a_while(&self, key: &str, value: &[u8]) -> Result<Revision, Error> {
        let place = self.beside(key);
        let mut once_more = true;
        loop {
            let lease = self.lease_for_a_while().await?;
            let put = |mut etcd: etcd_client::Client| {
                let (place, value) = (place.clone(), value.to_vec());
                let options = Some(PutOptions::new().with_lease(lease));
                async move { etcd.put(place, value, options).await }
            };
            match self.call(put).await {
                Ok((answer, _)) => return Ok(Revision::of(answer.header())),
                // The store lost it, or time stood still here.
                Err(Unanswered::NoLease(_)) if std::mem::take(&mut once_more) => {
                    *self.lease() = None;
                }
                Err(unanswered) => return Err(unanswered.into()),
            }
        }
    }

    async fn lease_for_a_while(&self) -> Result<i64, Error> {
        let young = Duration::from_secs(KEPT.unsigned_abs() / 3);
        if let Some((lease, granted)) = *self.lease()
            && granted.elapsed() < young
        {
            return Ok(lease);
        }
        let asked = Instant::now();
        let grant =
            |mut etcd: etcd_client::Client| async move { etcd.lease_grant(KEPT, None).await };
        let (granted, _) = self.call(grant).await?;
        *self.lease() = Some((granted.id(), asked));
        Ok(granted.id())
    }
}

impl Questions {
    /// The next questions, whoever they are put to. After an error the rest is not told any more.
    pub async fn next(&mut self) -> Result<Vec<Asked>, Error> {
        loop {
            let heard = self.watch.hear().await?;
            let put = heard.events().iter().filter(|one| one.event_type() == EventType::Put);
            let asked: Vec<_> = put.filter_map(|event| self.asked(event)).collect();
            if !asked.is_empty() {
                return Ok(asked);
            }
        }
    }

    fn asked(&self, event: &Event) -> Option<Asked> {
        let found = event.kv()?;
        let slot = Slot::of_question(found.key_str().ok()?.strip_prefix(&self.place)?)?;
        let small = found.value().len() <= MOST_QUESTION;
        Some(Asked { slot, value: small.then(|| found.value().to_vec()) })
    }
}
