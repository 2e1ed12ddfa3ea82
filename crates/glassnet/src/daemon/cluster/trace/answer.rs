//! Answers what other nodes ask.

use super::super::Cluster;
use super::limit::{BURST, RATE, Verdict};
use super::{PATIENCE, kept};
use crate::daemon::lock;
use model::cluster::trace::{self, FORMAT, MOST_ANSWER, MOST_QUESTION, Reply, Said, Slot, Unread};
use model::explain::TraceRefusal;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::etcd::{Asked, Error};

/// Between two tries to reach the store.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers for ever.
pub(in crate::daemon) async fn answer_traces(cluster: Arc<Cluster>) {
    loop {
        let Err(error) = follow(&cluster).await;
        tracing::debug!(%error, "questions of other nodes are not heard");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn follow(cluster: &Arc<Cluster>) -> Result<Infallible, Error> {
    let mut questions = cluster.client.questions().await?;
    loop {
        for asked in questions.next().await? {
            if asked.slot.asked == cluster.name && asked.slot.asker != cluster.name {
                cluster.clone().take_question(asked);
            }
        }
    }
}

impl Cluster {
    fn take_question(self: Arc<Self>, Asked { slot, value }: Asked) {
        {
            let view = lock(&self.view);
            // Nobody answers whom it does not know, nor under a name that is another's.
            if view.name_held_by.is_some() || !view.registry.members.contains_key(&slot.asker) {
                return;
            }
        }
        let node = self.name.clone();
        let refusal = match lock(&self.traces.limit).ask(&slot.asker, Instant::now()) {
            Verdict::Ignore => return,
            Verdict::Refuse => Some(TraceRefusal::TooMany { node, burst: BURST, rate: RATE }),
            Verdict::Answer if self.settings.refuse_traces => Some(TraceRefusal::Off { node }),
            Verdict::Answer => None,
        };
        let place = self.traces.waiting.clone().try_acquire_owned();
        let heard = Instant::now();
        tokio::spawn(async move {
            let said = match (refusal, place) {
                (Some(refusal), _) => Some((Said::Refused(refusal), Duration::ZERO)),
                (None, Err(_)) => {
                    let busy = TraceRefusal::Busy { node: self.name.clone() };
                    Some((Said::Refused(busy), Duration::ZERO))
                }
                (None, Ok(_place)) => {
                    let (of, slot) = (self.clone(), slot.clone());
                    let work = move || of.reply(&slot, value.as_deref(), heard);
                    tokio::task::spawn_blocking(work).await.unwrap_or_default()
                }
            };
            let Some((said, took)) = said else { return };
            self.send(&slot, said, took).await;
            tokio::time::sleep(kept::FOR).await;
            lock(&self.traces.kept).forget(Instant::now());
        });
    }

    /// What is said, and how long it took; nothing if nobody waits for it any more.
    fn reply(&self, slot: &Slot, value: Option<&[u8]>, heard: Instant) -> Option<(Said, Duration)> {
        let _alone = lock(&self.traces.walking);
        if heard.elapsed() > PATIENCE {
            return None;
        }
        let started = Instant::now();
        let node = self.name.clone();
        let said = match value.map(trace::inquiry) {
            None => {
                let why = format!("a question of more than {MOST_QUESTION} bytes");
                Said::Refused(TraceRefusal::Odd { node, why })
            }
            Some(Err(Unread::Format(format))) => {
                Said::Refused(TraceRefusal::OtherFormat { node, format, knows: FORMAT })
            }
            Some(Err(Unread::Damaged(why))) => Said::Refused(TraceRefusal::Odd { node, why }),
            Some(Ok(inquiry)) => self.look(&slot.asker, inquiry).unwrap_or_else(Said::Refused),
        };
        Some((said, started.elapsed()))
    }

    async fn send(&self, slot: &Slot, said: Said, took: Duration) {
        let took = took.as_micros().try_into().unwrap_or(u64::MAX);
        let written = |said| serde_json::to_vec(&Reply { format: FORMAT, took, said });
        let refused = |why| written(Said::Refused(why));
        let node = self.name.clone();
        let bytes = match written(said) {
            Ok(bytes) if bytes.len() > MOST_ANSWER => {
                refused(TraceRefusal::TooLarge { node, most: MOST_ANSWER })
            }
            Ok(bytes) => Ok(bytes),
            Err(error) => refused(TraceRefusal::Failed { node, why: error.to_string() }),
        };
        let sent = match bytes {
            Ok(bytes) => self.client.answer(slot, &bytes).await.map(drop),
            Err(error) => return tracing::debug!(%error, "an answer cannot be written"),
        };
        if let Err(error) = sent {
            tracing::debug!(%error, asker = %slot.asker, "an answer cannot be sent");
        }
    }
}
