//! Everything, as it was at one moment.

use etcd_client::{GetOptions, KeyValue};
use model::cluster::{Entry, Unreadable};

use super::connection::Unanswered;
use super::transaction::TRIES;
use super::{Client, Error, Revision};

/// Keys a question. A member that is in 100 networks takes about 20 kB.
const PAGE: i64 = 1000;

/// The largest answer that is taken. etcd takes no request of more than 1.5 MB, so one value is
/// far smaller; a page, or all that a watch has missed, is not.
pub(super) const LARGEST: usize = 256 << 20;

/// All that stands in the store.
#[derive(Debug, Default)]
pub struct Loaded {
    pub entries: Vec<Entry>,
    pub unreadable: Vec<Unreadable>,
    pub revision: Revision,
}

impl Client {
    /// Reads everything below the prefix, as it was at one revision, however much it is.
    pub async fn load(&self) -> Result<Loaded, Error> {
        let mut tries = TRIES;
        loop {
            let mut loaded = Loaded::default();
            let note = |found: &KeyValue| match self.parse(found) {
                Ok(entry) => loaded.entries.push(entry),
                Err(unreadable) => loaded.unreadable.push(unreadable),
            };
            match self.pages(&self.options().prefix, note).await {
                Ok(revision) => return Ok(Loaded { revision, ..loaded }),
                // Somebody compacted the store between two pages.
                Err(Error::HistoryGone { .. }) if tries > 1 => tries -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads all keys that begin so, page by page, all at one revision.
    pub(super) async fn pages(
        &self,
        prefix: &str,
        mut note: impl FnMut(&KeyValue),
    ) -> Result<Revision, Error> {
        let end = after_all_of(prefix);
        let mut first = prefix.as_bytes().to_vec();
        let mut at: Option<Revision> = None;
        loop {
            let ask = |etcd: etcd_client::Client| {
                let revision = at.map_or(0, Revision::number_for_etcd);
                let options = GetOptions::new().with_range(end.clone());
                let options = options.with_limit(PAGE).with_revision(revision);
                let first = first.clone();
                async move {
                    let mut etcd = etcd.kv_client().max_decoding_message_size(LARGEST);
                    etcd.get(first, Some(options)).await
                }
            };
            let page = match self.call(ask).await {
                Ok((page, _)) => page,
                Err(Unanswered::Compacted(_)) => {
                    let revision = at.unwrap_or_default().number();
                    return Err(Error::HistoryGone { revision });
                }
                Err(unanswered) => return Err(unanswered.into()),
            };
            page.kvs().iter().for_each(&mut note);
            let at = *at.get_or_insert_with(|| Revision::of(page.header()));
            match page.kvs().last() {
                Some(last) if page.more() => {
                    first = last.key().to_vec();
                    first.push(0);
                }
                _ => return Ok(at),
            }
        }
    }
}

/// The first key after all that begin so.
pub(super) fn after_all_of(prefix: &str) -> String {
    // '0' comes after '/', with which every prefix of ours ends.
    debug_assert!(prefix.ends_with('/'));
    format!("{}0", prefix.trim_end_matches('/'))
}
