//! Who gives out which addresses: claims, of which no two overlap.

use etcd_client::{GetOptions, KeyValue, TxnOp};
use model::cluster::{Claim, Entry, Key};
use model::net::IpNet;

use super::transaction::Answer;
use super::{Client, Error, Outcome, Refusal, Revision};

impl Client {
    /// Claims a block, if nobody holds any part of it.
    pub async fn claim_block(&self, claim: &Claim) -> Result<Outcome, Error> {
        let within = Key::within(&claim.network, &claim.prefix);
        let range = GetOptions::new().with_range(self.under(&within.1)).with_limit(1);
        let when = vec![self.empty(&within)];
        self.claim(claim, when, vec![TxnOp::get(self.under(&within.0), Some(range))]).await
    }

    /// Claims one address, if nobody holds it or the block it is in.
    pub async fn claim_address(&self, claim: &Claim, block: IpNet) -> Result<Outcome, Error> {
        debug_assert!(block.contains(&claim.prefix));
        let key = Entry::Claim(claim.clone()).key();
        let block = Key::Claim(claim.network.clone(), block.trunc());
        let when = vec![self.absent(&key), self.absent(&block)];
        self.claim(claim, when, vec![self.get(&key), self.get(&block)]).await
    }

    async fn claim(
        &self,
        claim: &Claim,
        mut when: Vec<etcd_client::Compare>,
        mut otherwise: Vec<TxnOp>,
    ) -> Result<Outcome, Error> {
        let network = Key::Network(claim.network.clone());
        when.push(self.present(&network));
        otherwise.push(self.get(&network));
        let then = vec![self.put(&Entry::Claim(claim.clone()))];
        let Answer { done, revision, mut found } = self.transact(when, then, otherwise).await?;
        if done {
            return Ok(Ok(revision));
        }
        // The last that was read is the network.
        if found.pop().unwrap_or_default().is_empty() {
            return Ok(Err(Refusal::NoNetwork { name: claim.network.clone() }));
        }
        let Some(holder) = found.iter().flatten().next() else {
            return Err(Error::Restless { key: Entry::Claim(claim.clone()).key().to_string() });
        };
        self.held(holder, claim, revision)
    }

    /// Gives a claim of ours back.
    pub async fn release(&self, claim: &Claim) -> Result<Outcome, Error> {
        let entry = Entry::Claim(claim.clone());
        let key = entry.key();
        let when = vec![self.stands(&entry)];
        let answer = self.transact(when, vec![self.delete(&key)], vec![self.get(&key)]).await?;
        match answer.found.iter().flatten().next() {
            Some(holder) if !answer.done => {
                let Entry::Claim(held) = self.entry(holder)? else {
                    return Ok(Ok(answer.revision));
                };
                Ok(Err(taken(held)))
            }
            // It is gone, now or before.
            _ => Ok(Ok(answer.revision)),
        }
    }

    fn held(&self, by: &KeyValue, wanted: &Claim, now: Revision) -> Result<Outcome, Error> {
        match self.entry(by)? {
            Entry::Claim(held) if held == *wanted => Ok(Ok(now)),
            Entry::Claim(held) => Ok(Err(taken(held))),
            other => Err(Error::Restless { key: other.key().to_string() }),
        }
    }
}

fn taken(Claim { network, prefix, node }: Claim) -> Refusal {
    Refusal::Taken { network, prefix, node }
}
