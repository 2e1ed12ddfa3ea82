//! What a check of a host can find. Each finding says what is wrong, how we know, and what to do.
//!
//! To add one: a line here in both languages, and a check that returns it.

use super::Language;
use crate::cluster::NetworkName;
use crate::net::{Family, IpNet, LinkName};
use serde::Serialize;

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
                            [format!($en_what), format!($en_evidence), format!($en_advice)]
                        })*
                    },
                    Language::Zh => match self {
                        $(Self::$id { $($field),* } => {
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

    /// What a check needs could not be read, so it says nothing about it.
    NotSeen = "not-seen" { checks: String, part: String, why: String }
        en: "these checks could not look: {checks}",
            "{part} could not be read: {why}",
            "run glassnet doctor as root, with glassnet node running";
        zh: "以下检查无法进行：{checks}",
            "读不到 {part}：{why}",
            "请以 root 身份运行 glassnet doctor，并确保 glassnet node 正在运行";
}
