//! Chains of others that drop what our networks forward (moby#39439: dockerd sets the policy of
//! FORWARD to drop). They are looked for at each look at the kernel; whoever would be attached to no
//! avail is refused, with the chain's name and the command that helps.
//!
//! Where the operator allows it (`glassnet node --accept-in-foreign-chains`), the daemon puts an
//! accept there itself, and takes it away when it is not needed any more.

use super::kernel_words::kernel_said;
use super::{Daemon, lock};
use crate::protocol::Failure;
use model::cluster::{Network, NetworkName};
use model::diff::{Change, Step};
use model::explain::{Notice, Reason};
use model::host::{Namespace, NamespaceId, Unknown};
use model::path::{Blockage, Blocked, By, Way, blocked, together};
use model::plan::passage;

impl Daemon {
    /// Looks who blocks which network, and lets them pass where that is allowed; gives the steps it
    /// took. `host` is seen as it is afterwards.
    pub(super) fn pass(&self, host: &mut Namespace<Unknown>) -> Result<Vec<Step>, Failure> {
        let networks: Vec<Network> = self.book().networks.values().cloned().collect();
        let all = |host: &Namespace<Unknown>| -> Vec<Blocked> {
            networks.iter().flat_map(|network| blocked(host, network)).collect()
        };
        let steps: Vec<Step> = if self.accept_in_foreign_chains {
            let bare = Namespace { nft: passage::without(&host.nft), ..host.clone() };
            let blocked = all(&bare).into_iter().filter(|b| !matches!(b.by, By::Meant(_)));
            let wanted = blocked.map(|b| (b.table, b.chain, b.bridge)).collect();
            step(passage::changes(&wanted, &host.nft)).into_iter().collect()
        } else {
            step(passage::changes(&Default::default(), &host.nft)).into_iter().collect()
        };
        for step in &steps {
            self.carry_out(std::slice::from_ref(step), &[])?;
        }
        if !steps.is_empty() {
            let read = || kernel::nft::read(kernel::Sockets::open_here()?.netfilter()?);
            host.nft = read().map_err(|error| kernel_said(&error))?;
        }
        let blocked = all(host);
        let mut before = lock(&self.blocked);
        if *before != blocked {
            for blockage in together(blocked.iter().cloned()) {
                tracing::warn!(network = %blockage.first.network, "{}", notice(&blockage));
            }
            *before = blocked;
        }
        Ok(steps)
    }

    /// Refuses what would be attached and reach nobody. That nobody blocks it any more is looked for
    /// before the no.
    pub(super) fn refuse_blocked(
        &self,
        network: &NetworkName,
        publishes: bool,
    ) -> Result<(), Failure> {
        if self.blocks(network, publishes).is_none() {
            return Ok(());
        }
        self.reconcile()?;
        match together(self.blocks(network, publishes)).first() {
            Some(blockage) => Err(no(blockage).into()),
            None => Ok(()),
        }
    }

    /// Who surely blocks what the network's attachments need.
    fn blocks(&self, network: &NetworkName, publishes: bool) -> Option<Blocked> {
        let masquerades = self.book().networks.get(network).is_some_and(|n| n.masquerade);
        let concerns = |blocked: &&Blocked| {
            blocked.network == *network
                && matches!(blocked.by, By::Evidence(_))
                && match blocked.way {
                    Way::Out => masquerades,
                    Way::In => publishes,
                    Way::Within => true,
                }
        };
        lock(&self.blocked).iter().find(concerns).cloned()
    }

    /// What is blocked, a line for each network and chain.
    pub(super) fn notices_of_the_blocked(&self) -> Vec<Notice> {
        together(lock(&self.blocked).iter().cloned()).iter().map(notice).collect()
    }
}

fn step(changes: Vec<model::diff::NftChange>) -> Option<Step> {
    let change = Change::Nft(changes);
    (change != Change::Nft(Vec::new())).then_some(Step { namespace: NamespaceId::Host, change })
}

fn no(blockage: &Blockage) -> Reason {
    let Blockage { first, families, ways } = blockage;
    Reason::ForwardingBlocked {
        owner: first.owner.as_str().into(),
        network: first.network.clone(),
        traffic: format!("{families}: {ways}").into(),
        chain: first.place().into(),
        priority: first.priority,
        by: first.by.to_string().into(),
        command: first.command().into(),
    }
}

fn notice(blockage: &Blockage) -> Notice {
    let Blockage { first, families, ways } = blockage;
    let (owner, network) = (first.owner.as_str().into(), first.network.clone());
    let traffic = format!("{families}: {ways}").into();
    let (chain, priority) = (first.place().into(), first.priority);
    let (by, command) = (first.by.to_string().into(), first.command().into());
    if matches!(first.by, By::Evidence(_)) {
        Notice::Blocked { owner, network, traffic, chain, priority, by, command }
    } else {
        Notice::MayBeBlocked { owner, network, traffic, chain, priority, by, command }
    }
}
