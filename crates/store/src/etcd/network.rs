//! Networks, each with the number that is its alone.

use etcd_client::{Compare, CompareOp, GetOptions, Txn, TxnOp};
use model::cluster::{Entry, Key, Network, NetworkName};

use super::load::after_all_of;
use super::transaction::TRIES;
use super::{Client, Error, Outcome, Refusal};

impl Client {
    /// Creates a network, if there is none of its name nor of its number.
    pub async fn create_network(&self, network: &Network) -> Result<Outcome, Error> {
        let Some(vni) = vni(network) else { return Ok(Err(of_one_host(network))) };
        let [network_key, vni_key] = [Key::Network(network.name.clone()), Key::Vni(vni.0)];
        let answer = self
            .transact(
                vec![self.absent(&network_key), self.absent(&vni_key)],
                vec![self.put(&Entry::Network(network.clone())), self.put(&vni.entry(network))],
                vec![self.get(&network_key), self.get(&vni_key)],
            )
            .await?;
        if answer.done {
            return Ok(Ok(answer.revision));
        }
        let mut found = answer.found.iter().flatten().map(|found| self.entry(found));
        Ok(match found.next().transpose()? {
            Some(Entry::Network(there)) if there == *network => Ok(answer.revision),
            Some(Entry::Network(there)) => Err(Refusal::NetworkThere { name: there.name }),
            Some(Entry::Vni(vni, network)) => Err(Refusal::VniTaken { vni, network }),
            _ => return Err(Error::Restless { key: network_key.to_string() }),
        })
    }

    /// Changes the settings of a network, if they still are what the change was thought of for.
    pub async fn replace_network(
        &self,
        network: &Network,
        expected: &Network,
    ) -> Result<Outcome, Error> {
        let Some(vni) = vni(network) else { return Ok(Err(of_one_host(network))) };
        let key = Key::Network(network.name.clone());
        for _ in 0..TRIES {
            let (there, changed, revision) = self.read(&key).await?;
            match there {
                Some(Entry::Network(there)) if there == *network => return Ok(Ok(revision)),
                Some(Entry::Network(there)) if there == *expected => {}
                Some(_) => {
                    return Ok(Err(Refusal::NetworkChanged { name: network.name.clone() }));
                }
                None => return Ok(Err(Refusal::NoNetwork { name: network.name.clone() })),
            }
            let mut when = vec![self.unchanged(&key, changed)];
            let mut then = vec![self.put(&Entry::Network(network.clone()))];
            let mut otherwise = Vec::new();
            let before = self::vni(expected).filter(|before| before.0 != vni.0);
            if let Some(before) = before {
                when.push(self.absent(&Key::Vni(vni.0)));
                then.extend([self.put(&vni.entry(network)), self.free(before, &network.name)]);
                otherwise.push(self.get(&Key::Vni(vni.0)));
            }
            let answer = self.transact(when, then, otherwise).await?;
            if answer.done {
                return Ok(Ok(answer.revision));
            }
            if let Some(taken) = answer.found.iter().flatten().next()
                && let Entry::Vni(vni, holder) = self.entry(taken)?
                && holder != network.name
            {
                return Ok(Err(Refusal::VniTaken { vni, network: holder }));
            }
        }
        Err(Error::Restless { key: key.to_string() })
    }

    /// Removes a network with its number, if nobody holds addresses of it.
    pub async fn remove_network(&self, name: &NetworkName) -> Result<Outcome, Error> {
        let key = Key::Network(name.clone());
        let claims = format!("claims/{name}/");
        let claims = (claims.clone(), after_all_of(&claims));
        for _ in 0..TRIES {
            let (there, changed, revision) = self.read(&key).await?;
            let Some(there) = there else { return Ok(Ok(revision)) };
            let mut then = vec![self.delete(&key)];
            if let Entry::Network(network) = &there
                && let Some(vni) = vni(network)
            {
                then.push(self.free(vni, name));
            }
            let range = GetOptions::new().with_range(self.under(&claims.1));
            let first = TxnOp::get(self.under(&claims.0), Some(range.clone().with_limit(1)));
            let when = vec![self.unchanged(&key, changed), self.empty(&claims)];
            let answer = self.transact(when, then, vec![first]).await?;
            if answer.done {
                return Ok(Ok(answer.revision));
            }
            let Some(claim) = answer.found.iter().flatten().next() else { continue };
            let Entry::Claim(claim) = self.entry(claim)? else { continue };
            let ask = |mut etcd: etcd_client::Client| {
                let (first, range) = (self.under(&claims.0), range.clone().with_count_only());
                async move { etcd.get(first, Some(range)).await }
            };
            let claims = self.call(ask).await?.0.count().unsigned_abs();
            return Ok(Err(Refusal::StillClaimed {
                network: name.clone(),
                prefix: claim.prefix,
                node: claim.node,
                claims: claims.max(1),
            }));
        }
        Err(Error::Restless { key: key.to_string() })
    }

    /// Frees a number, if it is the network's.
    fn free(&self, vni: Vni, network: &NetworkName) -> TxnOp {
        let key = Key::Vni(vni.0);
        let held = Compare::value(self.place(&key), CompareOp::Equal, network.as_str());
        TxnOp::txn(Txn::new().when([held]).and_then([self.delete(&key)]))
    }
}

#[derive(Clone, Copy)]
struct Vni(u32);

impl Vni {
    fn entry(self, network: &Network) -> Entry {
        Entry::Vni(self.0, network.name.clone())
    }
}

fn vni(network: &Network) -> Option<Vni> {
    network.spread.map(|spread| Vni(spread.vni))
}

fn of_one_host(network: &Network) -> Refusal {
    Refusal::OfOneHost { name: network.name.clone() }
}
