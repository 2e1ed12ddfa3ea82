//! Networks, each with the number that is its alone.

use etcd_client::{Compare, CompareOp, GetOptions, KeyValue, Txn, TxnOp};
use model::cluster::{Entry, Key, Network, NetworkName};
use model::net::overlap;

use super::load::after_all_of;
use super::transaction::TRIES;
use super::{Client, Error, Outcome, Refusal};

impl Client {
    /// Creates a network, if there is none of its name, of its number, with its bridge, or with
    /// addresses of its subnets.
    pub async fn create_network(&self, network: &Network) -> Result<Outcome, Error> {
        const NETWORKS: &str = "networks/";
        let Some(vni) = vni(network) else { return Ok(Err(of_one_host(network))) };
        let [network_key, vni_key] = [Key::Network(network.name.clone()), Key::Vni(vni.0)];
        for _ in 0..TRIES {
            let mut others = Vec::new();
            let note = |found: &KeyValue| {
                // What cannot be read, nobody can make on a host either.
                if let Ok(Entry::Network(other)) = self.parse(found) {
                    others.push(other);
                }
            };
            let read = self.pages(&self.under(NETWORKS), note).await?;
            match others.iter().find(|other| other.name == network.name) {
                Some(there) if there == network => return Ok(Ok(read)),
                Some(there) => {
                    return Ok(Err(Refusal::NetworkThere { name: there.name.clone() }));
                }
                None => {}
            }
            if let Some(refusal) = others.iter().find_map(|other| in_the_way(network, other)) {
                return Ok(Err(refusal));
            }
            // Holds for each network there is: none came since, and none was changed.
            let none_since = Compare::mod_revision(
                self.under(NETWORKS),
                CompareOp::Less,
                read.number_for_etcd() + 1,
            )
            .with_range(after_all_of(&self.under(NETWORKS)));
            let answer = self
                .transact(
                    vec![self.absent(&network_key), self.absent(&vni_key), none_since],
                    vec![self.put(&Entry::Network(network.clone())), self.put(&vni.entry(network))],
                    vec![self.get(&vni_key)],
                )
                .await?;
            if answer.done {
                return Ok(Ok(answer.revision));
            }
            if let Some(found) = answer.found.iter().flatten().next()
                && let Entry::Vni(vni, holder) = self.entry(found)?
                && holder != network.name
            {
                return Ok(Err(Refusal::VniTaken { vni, network: holder }));
            }
        }
        Err(Error::Restless { key: network_key.to_string() })
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

/// What of another network keeps this one from being beside it.
fn in_the_way(network: &Network, other: &Network) -> Option<Refusal> {
    if network.bridge == other.bridge {
        let (bridge, network) = (other.bridge.clone(), other.name.clone());
        return Some(Refusal::BridgeTaken { bridge, network });
    }
    let subnets = || other.pools.iter().map(|pool| pool.subnet);
    network.pools.iter().find_map(|pool| {
        let theirs = subnets().find(|theirs| overlap(&pool.subnet, theirs))?;
        let (subnet, network) = (pool.subnet, other.name.clone());
        Some(Refusal::SubnetTaken { subnet, other: theirs, network })
    })
}
