//! What a step does to the kernel, and what the daemon tells of itself, in words.

use super::say::sentences;
use super::{StoreFailure, WayFault};
use crate::cluster::{NetworkName, NodeName};
use crate::diff::{Change, Conflict, NftChange};
use crate::host::NamespaceId;
use crate::net::{IpNet, LinkName, Mac};
use std::net::IpAddr;

sentences! {
    /// What a step does, to follow on "could not" or to stand alone.
    enum Deed;
    SetSysctl { path: String, value: String }
        en "set {path} to {value}"
        zh "将 {path} 设为 {value}"
    MakeLink { link: LinkName }
        en "make link {link}"
        zh "创建链路 {link}"
    MakeVeth { link: LinkName, peer: LinkName, namespace: String }
        en "make link {link} with {peer} in {namespace}"
        zh "创建链路 {link}，另一端为 {namespace} 中的 {peer}"
    ChangeLink { link: LinkName }
        en "change link {link}"
        zh "更改链路 {link}"
    DeleteLink { link: LinkName }
        en "delete link {link}"
        zh "删除链路 {link}"
    AddAddress { address: IpNet, link: LinkName }
        en "add address {address} to {link}"
        zh "给 {link} 添加地址 {address}"
    RemoveAddress { address: IpNet, link: LinkName }
        en "remove address {address} from {link}"
        zh "从 {link} 删除地址 {address}"
    AddRoute { to: IpNet }
        en "add route to {to}"
        zh "添加到 {to} 的路由"
    ChangeRoute { to: IpNet }
        en "change route to {to}"
        zh "更改到 {to} 的路由"
    RemoveRoute { to: IpNet }
        en "remove route to {to}"
        zh "删除到 {to} 的路由"
    AddNeighbour { address: IpAddr, link: LinkName }
        en "add neighbour {address} on {link}"
        zh "在 {link} 上添加邻居 {address}"
    ChangeNeighbour { address: IpAddr, link: LinkName }
        en "change neighbour {address} on {link}"
        zh "在 {link} 上更改邻居 {address}"
    RemoveNeighbour { address: IpAddr, link: LinkName }
        en "remove neighbour {address} on {link}"
        zh "在 {link} 上删除邻居 {address}"
    AddFdbEntry { mac: Mac, link: LinkName }
        en "add fdb entry {mac} on {link}"
        zh "在 {link} 上添加转发表项 {mac}"
    ChangeFdbEntry { mac: Mac, link: LinkName }
        en "change fdb entry {mac} on {link}"
        zh "在 {link} 上更改转发表项 {mac}"
    RemoveFdbEntry { mac: Mac, link: LinkName }
        en "remove fdb entry {mac} on {link}"
        zh "在 {link} 上删除转发表项 {mac}"
    AddQueue { link: LinkName }
        en "add queue to {link}"
        zh "给 {link} 添加队列"
    RemoveQueue { link: LinkName }
        en "remove queue from {link}"
        zh "从 {link} 删除队列"
    AddFilter { link: LinkName }
        en "add filter to {link}"
        zh "给 {link} 添加过滤器"
    RemoveFilter { link: LinkName }
        en "remove filter from {link}"
        zh "从 {link} 删除过滤器"
    MakeTable { family: String, table: String }
        en "make table {family} {table}"
        zh "创建表 {family} {table}"
    DeleteTable { family: String, table: String }
        en "delete table {family} {table}"
        zh "删除表 {family} {table}"
    MakeChain { table: String, chain: String }
        en "make chain {table} {chain}"
        zh "创建链 {table} {chain}"
    DeleteChain { table: String, chain: String }
        en "delete chain {table} {chain}"
        zh "删除链 {table} {chain}"
    RewriteChain { table: String, chain: String }
        en "rewrite chain {table} {chain}"
        zh "重写链 {table} {chain}"
    AddRule { table: String, chain: String }
        en "add a rule to {table} {chain}"
        zh "给 {table} {chain} 添加一条规则"
    LetPass { family: String, table: String, chain: String }
        en "put an accept into {family} {table} {chain}"
        zh "在 {family} {table} {chain} 中放入一条放行规则"
    LetPassNoMore { family: String, table: String, chain: String }
        en "take our accept out of {family} {table} {chain}"
        zh "从 {family} {table} {chain} 中取出我们的放行规则"
    MakeSet { table: String, set: String }
        en "make set {table} {set}"
        zh "创建集合 {table} {set}"
    DeleteSet { table: String, set: String }
        en "delete set {table} {set}"
        zh "删除集合 {table} {set}"
    AddElements { count: usize, table: String, set: String }
        en "add {count} to set {table} {set}"
        zh "向集合 {table} {set} 添加 {count} 项"
    RemoveElements { count: usize, table: String, set: String }
        en "remove {count} from set {table} {set}"
        zh "从集合 {table} {set} 删除 {count} 项"
    Several { first: Box<Deed>, more: usize }
        en "{first} and {more} more in nftables"
        zh "{first}，以及 nftables 中的另外 {more} 项"
    Nothing
        en "change nothing in nftables"
        zh "不改动 nftables"
    RemoveFile { path: String }
        en "remove {path}"
        zh "删除 {path}"
}

sentences! {
    /// What people should know of a daemon that runs.
    enum Notice;
    NearlyFull { network: NetworkName, leased: u64, leasable: u64 }
        en "network {network}: {leased} of {leasable} addresses are leased"
        zh "网络 {network}：{leasable} 个地址中已租出 {leased} 个"
    FoundOnDisk { what: String }
        en "found in the state directory: {what}"
        zh "状态目录中发现：{what}"
    WasMissing { deed: Deed }
        en "{deed}"
        zh "{deed}"
    NotMended { deed: Deed, said: String }
        en "could not {deed}: {said}"
        zh "无法{deed}：{said}"
    Failed { said: String }
        en "{said}"
        zh "{said}"
    Blocked { owner: Box<str>, network: NetworkName, traffic: Box<str>, chain: Box<str>, priority: i32, by: Box<str>, command: Box<str> }
        en "{owner} drops what network {network} forwards ({traffic}): chain {chain}, hook forward, priority {priority}, {by}; let it pass with: {command}"
        zh "{owner} 会丢弃网络 {network} 转发的包（{traffic}）：链 {chain}，forward 钩子，优先级 {priority}，{by}；放行命令：{command}"
    MayBeBlocked { owner: Box<str>, network: NetworkName, traffic: Box<str>, chain: Box<str>, priority: i32, by: Box<str>, command: Box<str> }
        en "{owner} may drop what network {network} forwards ({traffic}): chain {chain}, hook forward, priority {priority}, {by}; let it pass with: {command}"
        zh "{owner} 可能会丢弃网络 {network} 转发的包（{traffic}）：链 {chain}，forward 钩子，优先级 {priority}，{by}；放行命令：{command}"
    StoreAway { why: StoreFailure }
        en "the cluster's store is away: {why}; what is attached goes on, and this node gives addresses of its own blocks"
        zh "集群存储不可用：{why}；已接入的容器继续工作，本节点从自己的地址块分配地址"
    NameHeld { name: NodeName, machine: String }
        en "another machine ({machine}) lives in the cluster under this node's name {name}; the others do not hear of this node"
        zh "集群中另一台机器（{machine}）正在使用本节点的名称 {name}；其他节点看不到本节点"
    BlockLost { network: NetworkName, prefix: IpNet, node: NodeName }
        en "network {network}: {prefix} was this node's and is now {node}'s in the cluster's store; containers here that have addresses of it should be attached anew"
        zh "网络 {network}：{prefix} 原属本节点，在集群存储中现属 {node}；本机使用其中地址的容器应重新接入"
    UnreadableInStore { key: String, why: String }
        en "what stands in the cluster's store under {key} cannot be read: {why}"
        zh "无法读取集群存储中的 {key}：{why}"
    PathObstacle { network: NetworkName, peer: NodeName, obstacle: WayFault }
        en "network {network}, to node {peer}: {obstacle}"
        zh "网络 {network}，到节点 {peer}：{obstacle}"
    ForeignLink { namespace: String, link: LinkName }
        en "a link named {link} is there in {namespace} and is not ours; rename or delete it, then try again"
        zh "{namespace} 中已有名为 {link} 的链路，且不属于 glassnet；请改名或删除它后再试"
}

impl From<&Conflict> for Notice {
    fn from(conflict: &Conflict) -> Self {
        match conflict {
            Conflict::ForeignLink { namespace, name } => {
                Self::ForeignLink { namespace: place(namespace), link: name.clone() }
            }
        }
    }
}

fn place(namespace: &NamespaceId) -> String {
    namespace.to_string()
}

impl From<&Change> for Deed {
    fn from(change: &Change) -> Self {
        match change {
            Change::SetSysctl { sysctl, .. } => {
                Self::SetSysctl { path: sysctl.path.clone(), value: sysctl.value.clone() }
            }
            Change::CreateLink(link) => Self::MakeLink { link: link.name.clone() },
            Change::CreateVeth { link, peer, peer_namespace } => Self::MakeVeth {
                link: link.name.clone(),
                peer: peer.name.clone(),
                namespace: place(peer_namespace),
            },
            Change::ChangeLink { name, .. } => Self::ChangeLink { link: name.clone() },
            Change::DeleteLink { name } => Self::DeleteLink { link: name.clone() },
            Change::AddAddress(a) => Self::AddAddress { address: a.prefix, link: a.link.clone() },
            Change::RemoveAddress(a) => {
                Self::RemoveAddress { address: a.prefix, link: a.link.clone() }
            }
            Change::AddRoute(r) => Self::AddRoute { to: r.destination },
            Change::ChangeRoute { to, .. } => Self::ChangeRoute { to: to.destination },
            Change::RemoveRoute(r) => Self::RemoveRoute { to: r.destination },
            Change::AddNeighbour(n) => {
                Self::AddNeighbour { address: n.address, link: n.link.clone() }
            }
            Change::ChangeNeighbour { to, .. } => {
                Self::ChangeNeighbour { address: to.address, link: to.link.clone() }
            }
            Change::RemoveNeighbour(n) => {
                Self::RemoveNeighbour { address: n.address, link: n.link.clone() }
            }
            Change::AddFdbEntry(e) => Self::AddFdbEntry { mac: e.mac, link: e.link.clone() },
            Change::ChangeFdbEntry { to, .. } => {
                Self::ChangeFdbEntry { mac: to.mac, link: to.link.clone() }
            }
            Change::RemoveFdbEntry(e) => Self::RemoveFdbEntry { mac: e.mac, link: e.link.clone() },
            Change::AddQdisc(q) => Self::AddQueue { link: q.link.clone() },
            Change::RemoveQdisc(q) => Self::RemoveQueue { link: q.link.clone() },
            Change::AddFilter(f) => Self::AddFilter { link: f.link.clone() },
            Change::RemoveFilter(f) => Self::RemoveFilter { link: f.link.clone() },
            Change::Nft(changes) => match &changes[..] {
                [] => Self::Nothing,
                [one] => one.into(),
                [first, more @ ..] => {
                    Self::Several { first: Box::new(first.into()), more: more.len() }
                }
            },
        }
    }
}

impl From<&NftChange> for Deed {
    fn from(change: &NftChange) -> Self {
        match change {
            NftChange::AddTable { family, name, .. } => {
                Self::MakeTable { family: family.as_str().to_owned(), table: name.clone() }
            }
            NftChange::DeleteTable { family, name } => {
                Self::DeleteTable { family: family.as_str().to_owned(), table: name.clone() }
            }
            NftChange::AddChain { table, name, .. } => {
                Self::MakeChain { table: table.clone(), chain: name.clone() }
            }
            NftChange::DeleteChain { table, name, .. } => {
                Self::DeleteChain { table: table.clone(), chain: name.clone() }
            }
            NftChange::FlushChain { table, chain, .. } => {
                Self::RewriteChain { table: table.clone(), chain: chain.clone() }
            }
            NftChange::AddRule { table, chain, .. } => {
                Self::AddRule { table: table.clone(), chain: chain.clone() }
            }
            NftChange::InsertRule { family, table, chain, .. } => Self::LetPass {
                family: family.as_str().to_owned(),
                table: table.clone(),
                chain: chain.clone(),
            },
            NftChange::DeleteRule { family, table, chain, .. } => Self::LetPassNoMore {
                family: family.as_str().to_owned(),
                table: table.clone(),
                chain: chain.clone(),
            },
            NftChange::AddSet { table, set, .. } => {
                Self::MakeSet { table: table.clone(), set: set.name.clone() }
            }
            NftChange::DeleteSet { table, set, .. } => {
                Self::DeleteSet { table: table.clone(), set: set.name.clone() }
            }
            NftChange::AddElements { table, set, elements, .. } => Self::AddElements {
                count: elements.len(),
                table: table.clone(),
                set: set.name.clone(),
            },
            NftChange::DeleteElements { table, set, elements, .. } => Self::RemoveElements {
                count: elements.len(),
                table: table.clone(),
                set: set.name.clone(),
            },
        }
    }
}
