//! What changes, as it changes.

use std::future::pending;

use etcd_client::{
    Event, EventType, WatchOptions, WatchRequestSender, WatchResponse, WatchResponseStream,
};
use model::cluster::{Change, Key, Unreadable};
use tokio::time::{Instant, sleep_until, timeout};

use super::connection::{Unanswered, Via};
use super::fault::{Failed, no_answer};
use super::load::{LARGEST, after_all_of};
use super::{Client, Error, Fault, Revision};

/// Follows the store from one revision on.
pub struct Watch {
    client: Client,
    via: Via,
    id: i64,
    requests: WatchRequestSender,
    answers: WatchResponseStream,
    /// All up to here was handed out.
    seen: Revision,
    heard: Instant,
    /// Since when the server owes a sign of life.
    asked: Option<Instant>,
}

/// What changed at one moment, or at several that follow each other.
#[derive(Debug)]
pub struct Batch {
    /// The last of them. A watch can be taken up again after it.
    pub revision: Revision,
    /// In order; none if the server only tells that it is up to date.
    pub changes: Vec<Change>,
    /// Changes of what cannot be read; what stood there before stands no more.
    pub unreadable: Vec<Unreadable>,
}

/// What the server said first.
struct Begun {
    id: i64,
    requests: WatchRequestSender,
    answers: WatchResponseStream,
    revision: Revision,
}

impl Client {
    /// Follows all that changes after a revision, as [`Client::load`] or a [`Batch`] told it.
    ///
    /// [`Error::HistoryGone`] says that not all of it is to be had: load again.
    pub async fn watch(&self, after: Revision) -> Result<Watch, Error> {
        let prefix = &self.options().prefix;
        self.watch_range(prefix, &after_all_of(prefix), after).await
    }

    /// The same of a range of places in etcd, its end excluded.
    pub(super) async fn watch_range(
        &self,
        first: &str,
        end: &str,
        after: Revision,
    ) -> Result<Watch, Error> {
        let begin = |etcd| begin(etcd, first, end, after);
        let (begun, via) = match self.call(begin).await {
            Err(Unanswered::Compacted(_)) => return Err(gone(after)),
            other => other?,
        };
        // A member may lag behind the one that told us the revision. Only if the store as a whole
        // is not as far, it is another store: its data was lost, or it was put back from a copy.
        if begun.revision < after && self.reach().await?.1 < after {
            return Err(gone(after));
        }
        let Begun { id, requests, answers, .. } = begun;
        let client = self.clone();
        let heard = Instant::now();
        Ok(Watch { client, via, id, requests, answers, seen: after, heard, asked: None })
    }
}

async fn begin(
    etcd: etcd_client::Client,
    first: &str,
    end: &str,
    after: Revision,
) -> Result<Begun, etcd_client::Error> {
    let options = WatchOptions::new()
        .with_range(end)
        .with_start_revision(after.number_for_etcd().saturating_add(1))
        .with_progress_notify();
    let mut watcher = etcd.watch_client().max_decoding_message_size(LARGEST);
    let (requests, mut answers) = watcher.watch(first, Some(options)).await?.split();
    let ended = || etcd_client::Error::WatchError("ended at its start".to_owned());
    let first = answers.message().await?.ok_or_else(ended)?;
    if first.canceled() {
        return Err(etcd_client::Error::WatchError(first.cancel_reason().to_owned()));
    }
    let revision = Revision::of(first.header());
    Ok(Begun { id: first.watch_id(), requests, answers, revision })
}

impl Watch {
    /// Waits for the next changes. After an error the watch is over: begin another after the last
    /// batch, or load again if that is what the error says.
    ///
    /// Nothing is lost when this is not waited for to the end.
    pub async fn next(&mut self) -> Result<Batch, Error> {
        let answer = self.hear().await?;
        let (mut changes, mut unreadable) = (Vec::new(), Vec::new());
        for event in answer.events() {
            match self.change(event) {
                Some(Ok(change)) => changes.push(change),
                Some(Err(why)) => unreadable.push(why),
                None => {}
            }
        }
        Ok(Batch { revision: self.seen, changes, unreadable })
    }

    /// The next answer that tells how far the server is, with what changed if anything did.
    pub(super) async fn hear(&mut self) -> Result<WatchResponse, Error> {
        loop {
            let timeouts = self.client.options().timeouts;
            let give_up = self.asked.map(|asked| asked + timeouts.attempt);
            tokio::select! {
                // What has arrived counts first: perhaps it was us who were away.
                biased;
                answer = self.answers.message() => {
                    self.heard = Instant::now();
                    self.asked = None;
                    let answer = match answer {
                        Ok(Some(answer)) => answer,
                        Ok(None) => return Err(self.over(Fault::Closed)),
                        Err(error) => return Err(self.failed(&error)),
                    };
                    if self.takes(&answer)? {
                        return Ok(answer);
                    }
                }
                () = until(give_up) => return Err(self.over(no_answer(timeouts.attempt))),
                () = sleep_until(self.heard + timeouts.beat), if self.asked.is_none() => {
                    self.asked = Some(Instant::now());
                    // It waits only if the server has not taken a hundred such questions.
                    let asked = timeout(timeouts.attempt, self.requests.request_progress()).await;
                    if !matches!(asked, Ok(Ok(()))) {
                        return Err(self.over(Fault::Closed));
                    }
                }
            }
        }
    }

    /// Whether the answer tells how far the server is.
    fn takes(&mut self, answer: &WatchResponse) -> Result<bool, Error> {
        if answer.compact_revision() > 0 {
            return Err(gone(self.seen));
        }
        if answer.canceled() {
            let reason = etcd_client::Error::WatchError(answer.cancel_reason().to_owned());
            return Err(self.failed(&reason));
        }
        // The answer to a request for progress bears no number of a watch. It is a sign of life and
        // no more: etcd before 3.4.25 sends it ahead of changes that are still on their way
        // (etcd-io/etcd#15220).
        if answer.watch_id() != self.id {
            return Ok(false);
        }
        self.seen = Revision::of(answer.header());
        // The header tells how far the server is, which may be further than these changes.
        if let Some(last) = answer.events().iter().filter_map(Event::kv).next_back() {
            self.seen.number = last.mod_revision().unsigned_abs();
        }
        Ok(true)
    }

    fn change(&self, event: &Event) -> Option<Result<Change, Unreadable>> {
        let found = event.kv()?;
        Some(match event.event_type() {
            EventType::Put => self.client.parse(found).map(Change::Put),
            EventType::Delete => self.client.key(found).and_then(|key| match Key::parse(&key) {
                Some(key) => Ok(Change::Gone(key)),
                None => Err(Unreadable { key, why: "no key of this version".to_owned() }),
            }),
        })
    }

    fn failed(&self, error: &etcd_client::Error) -> Error {
        match self.via.failed(error) {
            Failed::Fault(fault) => self.over(fault),
            Failed::Compacted | Failed::NoLease => gone(self.seen),
        }
    }

    /// The next watch asks another member, where there is one.
    fn over(&self, fault: Fault) -> Error {
        self.client.give_up(&self.via);
        self.via.away(fault)
    }
}

fn gone(after: Revision) -> Error {
    Error::HistoryGone { revision: after.number() }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
