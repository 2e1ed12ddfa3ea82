//! What a check of a host can find. Each finding says what is wrong, how we know, and what to do.
//!
//! To add one: a line here in both languages, and a check that returns it.

use super::{Language, PartText, Proof, Remedy, Say as _, Target, Who};
use crate::cluster::NetworkName;
use crate::net::{Family, IpNet, LinkName, Mac};
use crate::path;
use serde::Serialize;
use std::net::IpAddr;

/// A finding in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Words {
    pub what: String,
    pub evidence: String,
    pub advice: String,
}

macro_rules! findings {
    ($(
        $(#[$doc:meta])*
        $id:ident = $name:literal { $($field:ident: $type:ty),* $(,)? }
            en: $en_what:literal, $en_evidence:literal, $en_advice:literal;
            zh: $zh_what:literal, $zh_evidence:literal, $zh_advice:literal;
    )*) => {
        /// Something that is, or will be, wrong with a host's network.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Finding {
            $($(#[$doc])* $id { $($field: $type),* },)*
        }

        impl Finding {
            /// Its stable name, for programs.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$id { .. } => $name,)*
                }
            }

            pub fn say(&self, language: Language) -> Words {
                let [what, evidence, advice] = match language {
                    Language::En => match self {
                        $(Self::$id { $($field),* } => {
                            $(let $field = $field.said(language);)*
                            [format!($en_what), format!($en_evidence), format!($en_advice)]
                        })*
                    },
                    Language::Zh => match self {
                        $(Self::$id { $($field),* } => {
                            $(let $field = $field.said(language);)*
                            [format!($zh_what), format!($zh_evidence), format!($zh_advice)]
                        })*
                    },
                };
                Words { what, evidence, advice }
            }
        }
    };
}

findings! {
    /// The kernel does not forward packets of a family that a network has.
    ForwardingOff = "forwarding-off" { family: Family, network: NetworkName, sysctl: String, value: String }
        en: "{family} is not forwarded: containers of network {network} reach this host only",
            "/proc/sys/{sysctl} is {value}",
            "find who turned it off (a file in /etc/sysctl.d?); then restart glassnet node, which turns it on";
        zh: "{family} 转发已关闭：网络 {network} 的容器只能到达本机",
            "/proc/sys/{sysctl} 的值是 {value}",
            "查明是谁关闭的（/etc/sysctl.d 里的某个文件？），再重启 glassnet node，它会重新打开转发";

    /// A chain that is not ours drops what a network forwards.
    ForeignForwardDrop = "foreign-forward-drop" { chain: String, owner: String, families: String, priority: i32, ways: String, by: String, command: String }
        en: "{owner} drops forwarded {families} packets ({ways}); an accept of ours does not save them",
            "chain {chain}: hook forward, priority {priority}, {by}",
            "let it accept them: {command} (or start glassnet node with --accept-in-foreign-chains, which does and undoes that)";
        zh: "{owner} 会丢弃转发的 {families} 包（{ways}）；我们自己的放行规则救不了它们",
            "链 {chain}：forward 钩子，优先级 {priority}，{by}",
            "让它放行：{command}（或用 --accept-in-foreign-chains 启动 glassnet node，由它放行并在不需要时撤销）";

    /// Rules that are not in nftables and are asked all the same.
    LegacyFilter = "legacy-filter" { family: Family, program: &'static str }
        en: "the older iptables has an {family} filter table, which we cannot look into: it may drop what networks forward",
            "/proc/net names the table filter beside those of nftables",
            "look at it with {program} -S FORWARD; if nobody needs it, restart whoever made it with the iptables that uses nftables";
        zh: "旧版 iptables 有一个 {family} 的 filter 表，我们看不到其内容：它可能会丢弃各网络转发的包",
            "/proc/net 在 nftables 的表之外还列出了 filter 表",
            "用 {program} -S FORWARD 查看；若无人需要，请让创建它的程序改用基于 nftables 的 iptables 后重启";

    /// A link of ours that belongs to nothing.
    LeakedLink = "leaked-link" { link: LinkName, alias: String }
        en: "link {link} belongs to no network and no attachment",
            "it bears our group number, its alias is \"{alias}\", and the daemon knows no such thing",
            "the daemon removes it when it next compares; if it stays, restart glassnet node and report it";
        zh: "链路 {link} 不属于任何网络或接入",
            "它带有我们的组号，别名为“{alias}”，但守护进程没有对应的记录",
            "守护进程下次比对时会删除它；若仍然存在，请重启 glassnet node 并报告此问题";

    /// An attachment whose link is gone: its addresses are held for nobody.
    LeakedLease = "leaked-lease" { attachment: String, container: String, addresses: String, link: LinkName, netns: String }
        en: "the lease of {attachment} ({addresses}) has no link any more",
            "there is no link {link} on this host; its network namespace was {netns}",
            "if the container is gone: glassnet detach {container}; if it runs, start it anew";
        zh: "{attachment} 的租约（{addresses}）已没有对应的链路",
            "本机没有链路 {link}；其网络命名空间为 {netns}",
            "如果容器已不在：glassnet detach {container}；如果仍在运行，请重新启动它";

    /// Few addresses are left.
    AddressesNearlyGone = "addresses-nearly-gone" { network: NetworkName, leased: u64, leasable: u64, free: u64 }
        en: "network {network} has {free} addresses left",
            "{leased} of {leasable} are leased",
            "look for attachments nobody needs (glassnet ls), or create a network with a larger subnet";
        zh: "网络 {network} 只剩 {free} 个地址",
            "{leasable} 个地址中已租出 {leased} 个",
            "查看有没有不再需要的接入（glassnet ls），或新建一个子网更大的网络";

    /// A bridge and one of its ports do not agree.
    PortMtu = "port-mtu" { bridge: LinkName, bridge_mtu: u32, port: LinkName, port_mtu: u32 }
        en: "large packets are lost between bridge {bridge} and its port {port}",
            "the MTU of {bridge} is {bridge_mtu} bytes, that of {port} is {port_mtu}",
            "give both the same MTU: ip link set {port} mtu {bridge_mtu}, and the same inside the container";
        zh: "网桥 {bridge} 与其端口 {port} 之间会丢失大包",
            "{bridge} 的 MTU 是 {bridge_mtu} 字节，{port} 的是 {port_mtu} 字节",
            "把两者设为相同的 MTU：ip link set {port} mtu {bridge_mtu}，容器内的一端也一样";

    /// Containers send larger packets than the way out carries.
    UnderlayMtu = "underlay-mtu" { network: NetworkName, bridge: LinkName, bridge_mtu: u32, underlay: LinkName, underlay_mtu: u32 }
        en: "containers of network {network} send packets too large for the way out: small ones work, large ones hang",
            "the MTU of {bridge} is {bridge_mtu} bytes, that of {underlay}, where the default route goes, is {underlay_mtu}",
            "create the network again with --mtu {underlay_mtu}, or without --mtu to follow the underlay";
        zh: "网络 {network} 的容器发出的包大于出口所能承载：小包正常，大包卡住",
            "{bridge} 的 MTU 是 {bridge_mtu} 字节，而默认路由所走的 {underlay} 是 {underlay_mtu} 字节",
            "用 --mtu {underlay_mtu} 重建该网络，或不加 --mtu 以跟随底层网络";

    /// A route of somebody else's leads some of a network's addresses elsewhere.
    SubnetOverRoute = "subnet-overlaps-route" { network: NetworkName, subnet: IpNet, route: IpNet, link: String }
        en: "the subnet of network {network} overlaps a route of this host: some addresses cannot be reached",
            "{subnet} and the route to {route} through {link} overlap",
            "remove that route, or create the network with another subnet";
        zh: "网络 {network} 的子网与本机的一条路由重叠：部分地址无法到达",
            "{subnet} 与经由 {link} 到 {route} 的路由重叠",
            "删除该路由，或换一个子网重建网络";

    /// Two networks want the same addresses.
    SubnetsOverlap = "subnets-overlap" { one: NetworkName, one_subnet: IpNet, two: NetworkName, two_subnet: IpNet }
        en: "networks {one} and {two} overlap: only one of them is reached",
            "{one} has {one_subnet}, {two} has {two_subnet}",
            "create one of them again with another subnet";
        zh: "网络 {one} 与 {two} 重叠：只有其中一个能到达",
            "{one} 使用 {one_subnet}，{two} 使用 {two_subnet}",
            "换一个子网重建其中一个";

    /// Engines take another's network configuration.
    OtherConfiguration = "other-cni-configuration" { file: String, plugins: String, ours: String }
        en: "engines use {file}, not {ours}: of several network configurations they take the first by name",
            "{file} names {plugins}",
            "if it is left over, move it out of that directory; if it is meant, ours is never used";
        zh: "容器引擎使用的是 {file}，而不是 {ours}：有多个网络配置时，引擎取文件名最靠前的那个",
            "{file} 使用的插件：{plugins}",
            "若它是遗留文件，请移出该目录；若确实要用它，则我们的配置不会生效";

    /// A network configuration that cannot be read.
    BrokenConfiguration = "broken-cni-configuration" { file: String, why: String }
        en: "{file} is no network configuration: some engines then have no network at all",
            "{why}",
            "repair it or move it out of that directory";
        zh: "{file} 不是有效的网络配置：有些引擎会因此完全没有网络",
            "{why}",
            "修复它，或把它移出该目录";

    /// Packets that somebody needs to send are dropped.
    CutOff = "cut-off" { who: Who, target: Target, because: path::Reason, proof: Proof, remedy: Remedy }
        en: "{who} cannot reach {target}: {because}",
            "{proof}",
            "{remedy}";
        zh: "{who} 无法到达{target}：{because}",
            "{proof}",
            "{remedy}";

    /// Packets arrive, and their answers do not.
    NoAnswer = "no-answer" { who: Who, target: Target, because: path::Reason, proof: Proof, remedy: Remedy }
        en: "{who} can send to {target}, and gets no answer: {because}",
            "on the way back {proof}",
            "{remedy}";
        zh: "{who} 能发到{target}，但得不到应答：{because}",
            "回程{proof}",
            "{remedy}";

    /// Two holders of one address, where both hear the question who has it.
    AddressTwice = "address-twice" { address: IpAddr, one: String, one_mac: Mac, two: String, two_mac: Mac, command: String }
        en: "two MACs answer for {address}: {one} and {two}",
            "{one} has it with MAC {one_mac}, {two} with MAC {two_mac}, in one layer-2 network",
            "take it from one of them: {command}";
        zh: "有两个 MAC 应答 {address}：{one} 和 {two}",
            "在同一个二层网络中，{one} 以 MAC {one_mac}、{two} 以 MAC {two_mac} 持有该地址",
            "从其中一方去掉它：{command}";

    /// Two stations of one layer-2 network with one MAC address.
    MacTwice = "mac-twice" { mac: Mac, one: String, two: String, command: String }
        en: "{one} and {two} have one MAC address: bridges send to whichever spoke last",
            "both have {mac}, in one layer-2 network",
            "give one of them another: {command}";
        zh: "{one} 和 {two} 的 MAC 地址相同：网桥会发给最近发言的一方",
            "在同一个二层网络中，两者都是 {mac}",
            "为其中一方更换：{command}";

    /// A bridge's entry leads to a port that its owner is not behind.
    FdbElsewhere = "fdb-elsewhere" { bridge: String, mac: Mac, port: LinkName, owner: String, behind: LinkName, command: String }
        en: "{bridge} sends what is for {owner} to the wrong port",
            "its FDB has {mac} behind {port}; the owner is {owner}, behind {behind}",
            "delete the stale entry: {command}";
        zh: "{bridge} 把发给 {owner} 的帧送往了错误的端口",
            "它的转发表记录 {mac} 在 {port} 后面；其所有者是 {owner}，在 {behind} 后面",
            "删除过时的表项：{command}";

    /// A tunnel's entry leads to another end than that with the MAC address.
    TunnelFdbElsewhere = "tunnel-fdb-elsewhere" { tunnel: String, mac: Mac, remote: IpAddr, owner: String, at: IpAddr, command: String }
        en: "tunnel {tunnel} sends what is for {mac} to {remote}, whose owner is {owner}",
            "its FDB has {mac} at {remote}; {owner} has this MAC address, at {at}",
            "correct the stale entry: {command}";
        zh: "隧道 {tunnel} 把发给 {mac} 的帧送往 {remote}，而其所有者是 {owner}",
            "它的转发表记录 {mac} 位于 {remote}；持有这个 MAC 地址的是 {owner}，位于 {at}",
            "更正过时的表项：{command}";

    /// What comes out of a tunnel is for another MAC address than its end's.
    TunnelMacOther = "tunnel-mac-other" { tunnel: String, mac: Mac, remote: IpAddr, end: String, its: Mac, command: String }
        en: "the inner destination MAC is not that of the tunnel end {end}: it drops what {tunnel} sends",
            "{tunnel} has {mac} at {remote}; {end} there has MAC {its}",
            "give the end the MAC address that its peers know: {command}";
        zh: "内层目的 MAC 不是隧道端点 {end} 的：它会丢弃 {tunnel} 发来的帧",
            "{tunnel} 记录 {mac} 位于 {remote}；而那里 {end} 的 MAC 是 {its}",
            "让端点使用对端所知的 MAC 地址：{command}";

    /// A tunnel's neighbour for whose MAC address there is no forwarding entry.
    NoTunnelEntry = "no-tunnel-entry" { tunnel: String, address: IpAddr, mac: Mac, command: String }
        en: "tunnel {tunnel} has no FDB entry for {mac}: what is for {address} goes nowhere",
            "its neighbour {address} has {mac}, and no entry, nor one for all, says which host that is on",
            "say which host it is on: {command}";
        zh: "隧道 {tunnel} 没有 {mac} 的转发表项：发给 {address} 的包无处可去",
            "邻居 {address} 的 MAC 是 {mac}，但没有任何表项（也没有默认表项）说明它在哪台主机上",
            "指明它所在的主机：{command}";

    /// A neighbour entry has another MAC address than the holder's.
    NeighbourElsewhere = "neighbour-elsewhere" { place: String, address: IpAddr, mac: Mac, owner: String, its: Mac, command: String }
        en: "{place} sends what is for {address} to another than its owner",
            "its neighbour entry has {mac}; the owner is {owner}, with {its}",
            "let it ask anew: {command}";
        zh: "{place} 把发给 {address} 的包送给了不是其所有者的一方",
            "它的邻居表项是 {mac}；所有者是 {owner}，MAC 为 {its}",
            "让它重新查询：{command}";

    /// A neighbour entry that somebody wrote, for a MAC address that nobody has.
    NeighbourNobody = "neighbour-nobody" { place: String, address: IpAddr, mac: Mac, command: String }
        en: "{place} sends what is for {address} to {mac}, which nobody has",
            "the neighbour entry is permanent, and nobody in its layer-2 network has that MAC address",
            "delete it, and the address is asked for: {command}";
        zh: "{place} 把发给 {address} 的包送往 {mac}，而这个 MAC 无人使用",
            "该邻居表项是永久的，而所在二层网络中没有谁使用这个 MAC 地址",
            "删除它，之后会重新查询：{command}";

    /// A tunnel takes more than the underlay carries with its headers.
    TunnelMtu = "tunnel-mtu" { tunnel: String, mtu: u32, headers: u32, underlay: LinkName, underlay_mtu: u32, most: u32, command: String }
        en: "large packets through tunnel {tunnel} are lost: small ones work, large ones hang",
            "{mtu} bytes of the inner packet and {headers} of headers are more than the {underlay_mtu} that {underlay} takes",
            "use MTU {most}: {command}";
        zh: "经隧道 {tunnel} 的大包会丢失：小包正常，大包卡住",
            "内层包 {mtu} 字节加首部 {headers} 字节，超过 {underlay} 的上限 {underlay_mtu} 字节",
            "使用 MTU {most}：{command}";

    /// A route leads into a veth whose other end is down.
    RouteByDeadLink = "route-by-dead-link" { place: String, route: IpNet, link: LinkName, far: String, command: String }
        en: "{place} routes {route} by {link}, whose other end is down",
            "{link} is up and has no carrier, since {far} is down",
            "bring the other end up: {command}";
        zh: "{place} 到 {route} 的路由经过 {link}，而它的另一端未启用",
            "{link} 已启用但没有载波，因为 {far} 未启用",
            "启用另一端：{command}";

    /// The kernel found somebody else with the IPv6 address, and does not use it.
    DuplicateAddress = "duplicate-address" { place: String, address: IpAddr, others: Vec<String>, command: String }
        en: "{place} does not use its address {address}: duplicate address detection found it taken",
            "the address is marked dadfailed; those seen here that have it: {others}",
            "take it away from one of them, and add it anew: {command}";
        zh: "{place} 没有使用它的地址 {address}：重复地址检测发现该地址已被占用",
            "该地址带有 dadfailed 标记；这里可见的持有者：{others}",
            "从其中一方去掉它，再重新添加：{command}";

    /// A tracked connection goes on being translated to an address that nobody has any more.
    StaleConnection = "stale-connection" { place: String, transport: String, original: String, to: IpAddr, count: usize, command: String }
        en: "{place}: packets of {count} known connections go to {to}, which is dead",
            "conntrack has {transport} {original}, translated to {to} before the rules changed; nobody has that address",
            "let the kernel forget: {command}";
        zh: "{place}：{count} 个已知连接的包被送往已经不存在的 {to}",
            "conntrack 记录了 {transport} {original}，在规则改变之前转换到 {to}；而该地址已无人使用",
            "让内核忘掉它们：{command}";

    /// A rule leads packets to an address that nobody has.
    PublishedToNobody = "published-to-nobody" { place: String, rule: String, to: IpAddr, command: String }
        en: "{place} publishes a port of {to}, which nobody has",
            "{rule}; everybody in that network was seen",
            "if whoever made it is gone, delete it: {command}";
        zh: "{place} 发布了 {to} 的端口，而该地址无人使用",
            "{rule}；该网络中的所有成员都已查看",
            "如果创建它的程序已不在，请删除它：{command}";

    /// A bridge's port whose other end is where nobody lives.
    LeakedPort = "leaked-port" { port: String, bridge: LinkName, peer: String, command: String }
        en: "veth {port} is left over: the network namespace of its other end has no process",
            "it is a port of {bridge}, and its other end is in {peer}",
            "if nothing is to start there, delete it: {command}";
        zh: "veth {port} 是遗留的：另一端所在的网络命名空间里没有进程",
            "它是 {bridge} 的端口，另一端在 {peer}",
            "如果那里不会再启动什么，请删除它：{command}";

    /// A bridge is about to have no port left.
    BridgeNearlyFull = "bridge-nearly-full" { bridge: String, ports: usize, most: usize }
        en: "{bridge} has {ports} of the {most} ports that a Linux bridge can have",
            "a container that comes when all are in use gets no network",
            "look for left-over ports, or put new containers onto another network";
        zh: "{bridge} 已有 {ports} 个端口，Linux 网桥最多 {most} 个",
            "端口用满之后，新的容器将没有网络",
            "查找遗留的端口，或让新的容器使用另一个网络";

    /// What a check needs could not be read, so it says nothing about it.
    NotSeen = "not-seen" { checks: String, part: String, why: String }
        en: "these checks could not look: {checks}",
            "{part} could not be read: {why}",
            "run glassnet doctor as root, with glassnet node running";
        zh: "以下检查无法进行：{checks}",
            "读不到 {part}：{why}",
            "请以 root 身份运行 glassnet doctor，并确保 glassnet node 正在运行";

    /// A part of namespaces that could not be read.
    NotRead = "not-read" { part: PartText, places: Who, why: String }
        en: "the {part} of {places} could not be read: what depends on that was not checked",
            "{why}",
            "run glassnet doctor as root; that also shows the containers of others";
        zh: "无法读取 {places} 的{part}：依赖它们的项目未作检查",
            "{why}",
            "请以 root 身份运行 glassnet doctor；那样也能看到其他用户的容器";
}

impl Finding {
    /// All that it happens to, where the words name some.
    pub fn who(&self) -> &[String] {
        match self {
            Self::CutOff { who, .. } | Self::NoAnswer { who, .. } => &who.0,
            Self::NotRead { places, .. } => &places.0,
            _ => &[],
        }
    }

    /// What mends it, where that is one command.
    pub fn command(&self) -> Option<&str> {
        match self {
            Self::CutOff { remedy, .. } | Self::NoAnswer { remedy, .. } => {
                remedy.command.as_deref()
            }
            Self::ForeignForwardDrop { command, .. }
            | Self::AddressTwice { command, .. }
            | Self::MacTwice { command, .. }
            | Self::FdbElsewhere { command, .. }
            | Self::TunnelFdbElsewhere { command, .. }
            | Self::TunnelMacOther { command, .. }
            | Self::NoTunnelEntry { command, .. }
            | Self::NeighbourElsewhere { command, .. }
            | Self::NeighbourNobody { command, .. }
            | Self::TunnelMtu { command, .. }
            | Self::RouteByDeadLink { command, .. }
            | Self::DuplicateAddress { command, .. }
            | Self::StaleConnection { command, .. }
            | Self::PublishedToNobody { command, .. }
            | Self::LeakedPort { command, .. } => Some(command),
            Self::ForwardingOff { .. }
            | Self::LegacyFilter { .. }
            | Self::LeakedLink { .. }
            | Self::LeakedLease { .. }
            | Self::AddressesNearlyGone { .. }
            | Self::PortMtu { .. }
            | Self::UnderlayMtu { .. }
            | Self::SubnetOverRoute { .. }
            | Self::SubnetsOverlap { .. }
            | Self::OtherConfiguration { .. }
            | Self::BrokenConfiguration { .. }
            | Self::BridgeNearlyFull { .. }
            | Self::NotSeen { .. }
            | Self::NotRead { .. } => None,
        }
    }
}
