//! Addresses and prefixes in words: what kind they are, and what is wrong with a text that is none.

use super::say::sentences;
use crate::net::Family;
use std::net::IpAddr;

sentences! {
    /// What addresses are for.
    enum AddressKind;
    Global en "global" zh "全球"
    Private en "private" zh "私有"
    Shared en "shared by a provider's customers (CGNAT)" zh "运营商级共享（CGNAT）"
    Loopback en "loopback" zh "环回"
    LinkLocal en "link-local" zh "链路本地"
    UniqueLocal en "unique local" zh "唯一本地"
    Multicast en "multicast" zh "组播"
    MulticastOfLink en "multicast on one link" zh "仅限本链路的组播"
    MulticastOfSite en "multicast within a site" zh "仅限本站点的组播"
    Broadcast en "limited broadcast" zh "受限广播"
    Documentation en "documentation" zh "文档示例"
    Benchmarking en "benchmarks" zh "基准测试"
    ThisNetwork en "this network" zh "本网络"
    Unspecified en "unspecified" zh "未指定地址"
    Protocols en "IETF protocols" zh "IETF 协议保留"
    Service en "a service that answers in many places (anycast)" zh "任播服务"
    Transition en "a tunnel between IPv4 and IPv6" zh "IPv4 与 IPv6 之间的隧道"
    Translation en "translation between IPv4 and IPv6" zh "IPv4 与 IPv6 互译"
    Mapped en "an IPv4 address written as IPv6" zh "以 IPv6 形式书写的 IPv4 地址"
    Discard en "packets to be thrown away" zh "丢弃专用"
    Dummy en "a placeholder" zh "占位地址"
    Identifier en "identifiers that look like addresses" zh "形似地址的标识符"
    SegmentRouting en "segment routing" zh "分段路由"
    Deprecated en "deprecated" zh "已废弃"
    Reserved en "reserved" zh "保留"
    Unassigned en "not assigned" zh "未分配"
}

sentences! {
    /// Why a text is no prefix.
    enum PrefixFault;
    Empty en "there is nothing" zh "内容为空"
    NoAddress en "the address before it is missing" zh "前面缺少地址"
    Strange en "this is no address" zh "这不是地址"
    Zone
        en "a zone is known on one host only, and is no part of a prefix"
        zh "区域标识只在一台主机上有意义，不属于前缀"
    PartMissing
        en "a part between the dots is missing"
        zh "点之间缺少一段"
    PartNotNumber { part: String }
        en "\"{part}\" is no number"
        zh "“{part}”不是数字"
    PartTooLarge { part: String }
        en "{part} is more than 255"
        zh "{part} 大于 255"
    LeadingZero { part: String }
        en "{part} begins with 0, which some programs take for octal"
        zh "{part} 以 0 开头，有些程序会把它当作八进制"
    PartCount { count: usize }
        en "an IPv4 address has four parts, not {count}"
        zh "IPv4 地址有四段，而不是 {count} 段"
    TwoGaps
        en "\"::\" may stand for zeros in one place only"
        zh "“::”只能出现一次"
    GroupNotHex { group: String }
        en "\"{group}\" is no hexadecimal number"
        zh "“{group}”不是十六进制数"
    GroupTooLong { group: String }
        en "\"{group}\" has more than four digits"
        zh "“{group}”超过四位"
    GroupCount { count: usize }
        en "an IPv6 address has eight groups, fewer only with \"::\"; these are {count}"
        zh "IPv6 地址有八组，只有用“::”才可以更少；这里有 {count} 组"
    NoLength { most: u8 }
        en "the length after \"/\" is missing: 0 to {most}"
        zh "“/”之后缺少长度：应为 0 到 {most}"
    LengthNotNumber { most: u8 }
        en "a length is a number from 0 to {most}"
        zh "长度应为 0 到 {most} 的数字"
    LengthTooLong { family: Family, most: u8 }
        en "an {family} address has {most} bits"
        zh "{family} 地址只有 {most} 位"
    MaskInIpv6
        en "IPv6 has no masks of this kind"
        zh "IPv6 不使用这种掩码"
    Wildcard { mask: IpAddr }
        en "this is a wildcard: its bits are those of the mask {mask}, turned round"
        zh "这是反掩码，即掩码 {mask} 按位取反"
    MaskWithHoles { ones: u8, alike: IpAddr }
        en "a mask is ones and then zeros; here the {ones} ones are not together, as in {alike}"
        zh "掩码必须先是 1 后是 0；这里的 {ones} 个 1 不连续，连续时是 {alike}"
}

sentences! {
    /// What to write instead.
    enum PrefixCure;
    Prefix
        en "write an address and a length, such as 192.168.1.17/24 or 2001:db8::1/64"
        zh "请写地址和长度，例如 192.168.1.17/24 或 2001:db8::1/64"
    Ipv4
        en "write four numbers from 0 to 255, such as 192.168.1.17"
        zh "请写四个 0 到 255 的数字，例如 192.168.1.17"
    Ipv6
        en "write eight groups of up to four hexadecimal digits, such as 2001:db8:0:0:0:0:0:1, or 2001:db8::1 for short"
        zh "请写八组至多四位的十六进制数，例如 2001:db8:0:0:0:0:0:1，或简写为 2001:db8::1"
    Length { most: u8 }
        en "write /0 (all addresses) to /{most} (one)"
        zh "请写 /0（全部地址）到 /{most}（一个地址）"
    Plain { part: String }
        en "write {part}"
        zh "请写 {part}"
    Mask { mask: IpAddr }
        en "write the mask: {mask}"
        zh "请写掩码：{mask}"
    MaskOrLength { mask: IpAddr, length: u8 }
        en "if {length} bits are meant, write {mask} or /{length}"
        zh "如果是指 {length} 位，请写 {mask} 或 /{length}"
    LengthInstead en "write a length, such as /64" zh "请写长度，例如 /64"
    WithoutZone en "leave out the \"%\" and what follows" zh "去掉“%”及其后的内容"
}

impl PrefixFault {
    /// What to try.
    pub fn cure(&self) -> PrefixCure {
        match self {
            Self::Empty | Self::NoAddress | Self::Strange => PrefixCure::Prefix,
            Self::Zone => PrefixCure::WithoutZone,
            Self::PartMissing
            | Self::PartNotNumber { .. }
            | Self::PartTooLarge { .. }
            | Self::PartCount { .. } => PrefixCure::Ipv4,
            Self::LeadingZero { part } => {
                let plain = part.trim_start_matches('0');
                PrefixCure::Plain { part: if plain.is_empty() { "0" } else { plain }.to_owned() }
            }
            Self::TwoGaps
            | Self::GroupNotHex { .. }
            | Self::GroupTooLong { .. }
            | Self::GroupCount { .. } => PrefixCure::Ipv6,
            Self::NoLength { most }
            | Self::LengthNotNumber { most }
            | Self::LengthTooLong { most, .. } => PrefixCure::Length { most: *most },
            Self::MaskInIpv6 => PrefixCure::LengthInstead,
            Self::Wildcard { mask } => PrefixCure::Mask { mask: *mask },
            Self::MaskWithHoles { ones, alike } => {
                PrefixCure::MaskOrLength { mask: *alike, length: *ones }
            }
        }
    }
}

impl AddressKind {
    /// Its stable name, for programs.
    pub fn name(&self) -> String {
        let document = serde_json::to_value(self).unwrap_or_default();
        document["is"].as_str().unwrap_or_default().to_owned()
    }
}
