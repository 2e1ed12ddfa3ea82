//! Nodes: what each says of itself, and what is left of one that is gone for good.

use etcd_client::{KeyValue, TxnOp};
use model::cluster::{Alive, Claim, Entry, Key, Member, NodeName};

use super::transaction::TRIES;
use super::{Client, Error, Outcome, Refusal};

/// Claims removed at once. etcd takes 128 operations and 128 conditions a transaction.
const AT_ONCE: usize = 100;

impl Client {
    /// Writes what a node says of itself, unless another machine lives under its name.
    pub async fn put_member(&self, member: &Member) -> Result<Outcome, Error> {
        let key = Key::Alive(member.name.clone());
        for _ in 0..TRIES {
            let (there, changed, _) = self.read(&key).await?;
            if let Some(Entry::Alive(node, Alive { machine, .. })) = there
                && machine != member.machine
            {
                return Ok(Err(Refusal::NameHeld { node, machine }));
            }
            let when = vec![self.unchanged(&key, changed)];
            let then = vec![self.put(&Entry::Member(member.clone()))];
            let answer = self.transact(when, then, Vec::new()).await?;
            if answer.done {
                return Ok(Ok(answer.revision));
            }
        }
        Err(Error::Restless { key: key.to_string() })
    }

    /// Removes all that a node has left: its claims, then what it said of itself. Not while it
    /// lives.
    pub async fn forget_node(&self, node: &NodeName) -> Result<Outcome, Error> {
        let alive = Key::Alive(node.clone());
        for _ in 0..TRIES {
            let claims = self.claims_of(node).await?;
            let mut undisturbed = true;
            for some in claims.chunks(AT_ONCE) {
                let mut when = vec![self.absent(&alive)];
                when.extend(some.iter().map(|claim| self.stands(claim)));
                let then = some.iter().map(|claim| self.delete(&claim.key())).collect();
                match self.unless_alive(when, then, &alive).await? {
                    Ok(answer) => undisturbed &= answer.is_some(),
                    Err(refusal) => return Ok(Err(refusal)),
                }
            }
            if !undisturbed {
                continue;
            }
            let then = vec![self.delete(&Key::Member(node.clone()))];
            match self.unless_alive(vec![self.absent(&alive)], then, &alive).await? {
                Ok(None) => {}
                Ok(Some(revision)) => return Ok(Ok(revision)),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Err(Error::Restless { key: alive.to_string() })
    }

    /// Carries it out; says no if the node is alive, and nothing if something else was in the way.
    async fn unless_alive(
        &self,
        when: Vec<etcd_client::Compare>,
        then: Vec<TxnOp>,
        alive: &Key,
    ) -> Result<Outcome<Option<super::Revision>>, Error> {
        let answer = self.transact(when, then, vec![self.get(alive)]).await?;
        if answer.done {
            return Ok(Ok(Some(answer.revision)));
        }
        let Some(there) = answer.found.iter().flatten().next() else { return Ok(Ok(None)) };
        match self.entry(there)? {
            Entry::Alive(node, Alive { machine, .. }) => {
                Ok(Err(Refusal::StillAlive { node, machine }))
            }
            _ => Ok(Ok(None)),
        }
    }

    async fn claims_of(&self, node: &NodeName) -> Result<Vec<Entry>, Error> {
        let mut claims = Vec::new();
        let note = |found: &KeyValue| {
            if let Ok(Entry::Claim(claim @ Claim { .. })) = self.parse(found)
                && claim.node == *node
            {
                claims.push(Entry::Claim(claim));
            }
        };
        self.pages(&self.under("claims/"), note).await?;
        Ok(claims)
    }
}
