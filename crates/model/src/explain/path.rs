//! A packet's path in words. What is said of it is picked in [`crate::path`]'s `show.rs`; what can
//! be looked up by hand (names of rules, tables and links, numbers, settings) is the same in every
//! language.

use super::say::sentences;
use crate::net::{IpNet, LinkName, Mac, Transport};
use std::net::IpAddr;

sentences! {
    /// A word or sentence about one hop of a packet, or its end.
    enum PathText;

    // The part of the stack. A column of its own: short words.
    Leave en "leave" zh "发出"
    Output en "output" zh "输出"
    Neighbour en "neighbour" zh "邻居"
    Transmit en "transmit" zh "发送"
    Receive en "receive" zh "接收"
    Bridge en "bridge" zh "网桥"
    Prerouting en "prerouting" zh "路由前"
    Route en "route" zh "路由"
    Forward en "forward" zh "转发"
    Input en "input" zh "输入"
    Postrouting en "postrouting" zh "路由后"
    Encapsulate en "encapsulate" zh "封装"
    Decapsulate en "decapsulate" zh "解封"
    Deliver en "deliver" zh "交付"

    // What was decided.
    ByGateway { gateway: IpAddr, link: LinkName }
        en "to {gateway} by {link}"
        zh "从 {link} 发往 {gateway}"
    ByLink { link: LinkName } en "by {link}" zh "从 {link} 发出"
    ForThisHost en "for this host" zh "目的地是本机"
    ToMac { mac: Mac } en "to {mac}" zh "发往 {mac}"
    OverTo { place: String } en "over to {place}" zh "到达另一端 {place}"
    OntoTheWire en "onto the wire" zh "发到线路上"
    Into { bridge: LinkName } en "into {bridge}" zh "进入 {bridge}"
    Taken en "taken" zh "已收下"
    ToPort { link: LinkName } en "to port {link}" zh "发往端口 {link}"
    ToEveryPort { links: Vec<LinkName> } en "to every port: {links}" zh "发往所有端口：{links}"
    UpToTheHost en "up to the host" zh "上交主机"
    Passes en "passes" zh "通过"
    SourceBecomes { to: String } en "source becomes {to}" zh "源地址改为 {to}"
    DestinationBecomes { to: String } en "destination becomes {to}" zh "目的地址改为 {to}"
    WrappedFor { remote: IpAddr } en "wrapped for {remote}" zh "封装后发往 {remote}"
    Unwrapped en "unwrapped" zh "已解封"
    Delivered en "delivered" zh "已交付"

    // The packet, where it is no TCP or UDP.
    NoIpPacket en "no IP packet" zh "不是 IP 数据包"
    EchoRequest en "echo request" zh "回显请求"
    EchoReply en "echo reply" zh "回显应答"

    // What it rests on.
    TheRoute { destination: IpNet } en "route {destination}" zh "路由 {destination}"
    TheLocalRoute { destination: IpNet }
        en "route {destination}, table local"
        zh "路由 {destination}，表 local"
    TheRouteOf { destination: IpNet, table: u32 }
        en "route {destination}, table {table}"
        zh "路由 {destination}，表 {table}"
    TheRule { priority: u32, table: u32 }
        en "rule {priority} to table {table}"
        zh "规则 {priority}，查表 {table}"
    TheRefusingRule { priority: u32, action: String }
        en "rule {priority} {action}"
        zh "规则 {priority} {action}"
    TheConnection { original: String, reply: String }
        en "known connection {original}, answers {reply}"
        zh "已知连接 {original}，应答 {reply}"
    TheNeighbour { address: IpAddr, mac: Mac }
        en "neighbour {address} {mac}"
        zh "邻居 {address} {mac}"
    AnsweredBy { address: IpAddr, by: String } en "{address} is at {by}" zh "{address} 位于 {by}"
    HasAsked { address: IpAddr, mac: Mac }
        en "{address} has asked from {mac}"
        zh "{address} 曾从 {mac} 发来询问"
    WasHeard { mac: Mac, port: LinkName }
        en "{mac} was heard at {port}"
        zh "曾在 {port} 收到来自 {mac} 的帧"
    TheFdb { mac: Mac, port: LinkName } en "fdb {mac} {port}" zh "转发表 {mac} {port}"
    VethPair en "veth pair" zh "veth 对"
    TheSocket { transport: Transport, local: String }
        en "{transport} socket {local}"
        zh "{transport} 套接字 {local}"
    TheSocketOf { transport: Transport, local: String, process: String }
        en "{transport} socket {local} of {process}"
        zh "{process} 的 {transport} 套接字 {local}"

    // How it ended.
    DeliveredAt { place: String } en "delivered at {place}" zh "已交付：{place}"
    DeliveredTo { process: String, place: String }
        en "delivered to {process} at {place}"
        zh "已交付给 {process}：{place}"
    DroppedAt { place: String, stage: Box<PathText>, because: String }
        en "dropped at {place}, {stage}: {because}"
        zh "丢弃于 {place}，{stage}：{because}"
    LeftBy { place: String } en "left by {place}" zh "已从 {place} 离开"
    /// The reason is told as the walk met it, in English.
    UnknownFrom { place: String, stage: Box<PathText>, why: String }
        en "unknown from {place}, {stage}: {why}"
        zh "从 {place} 起未知，{stage}：{why}"

    // Why it was dropped.
    NoRoute { destination: IpAddr } en "no route to {destination}" zh "没有到 {destination} 的路由"
    RefusedBy { evidence: String } en "refused by {evidence}" zh "被拒绝：{evidence}"
    LinkDown { link: LinkName } en "link {link} is down" zh "链路 {link} 未启用"
    NoNeighbour { address: IpAddr, link: LinkName }
        en "nobody on {link} has {address}"
        zh "{link} 上没有谁的地址是 {address}"
    NotForwarding { sysctl: String }
        en "the host does not forward ({sysctl})"
        zh "主机不转发（{sysctl}）"
    TooBig { size: u32, mtu: u32, link: LinkName }
        en "{size} bytes are more than {link} takes ({mtu})"
        zh "{size} 字节超过了 {link} 的上限（{mtu}）"
    TtlExpired en "its TTL has run out" zh "TTL 已耗尽"
    NoSocket { transport: Transport, port: u16 }
        en "no socket waits at {transport} port {port}"
        zh "没有套接字在 {transport} 端口 {port} 上等待"
    NoTunnelTo { mac: Mac, link: LinkName }
        en "tunnel {link} knows no host that has {mac} (no such fdb entry)"
        zh "隧道 {link} 不知道 {mac} 在哪台主机上（转发表中没有这一项）"
    NotOwn { address: IpAddr, link: LinkName }
        en "tunnel {link} sends from {address}, which is not an address of this host"
        zh "隧道 {link} 的源地址 {address} 不是本机的地址"
    NoTunnelEnd { vni: u32, port: u16 }
        en "no tunnel with VNI {vni} ends here (UDP port {port})"
        zh "这里没有 VNI 为 {vni} 的隧道端点（UDP 端口 {port}）"
    CameBack { mac: Mac, link: LinkName }
        en "the sender {mac} is tunnel {link} itself"
        zh "发送方 {mac} 就是隧道 {link} 自己"
    OtherHost { mac: Mac } en "nobody here is {mac}" zh "这里没有 {mac}"
    PortState { link: LinkName } en "port {link} does not forward" zh "端口 {link} 不转发"
    Hairpin { link: LinkName }
        en "port {link} does not send back (hairpin is off)"
        zh "端口 {link} 不会原路发回（hairpin 已关闭）"
    Isolated { from: LinkName, to: LinkName }
        en "ports {from} and {to} are isolated"
        zh "端口 {from} 与 {to} 相互隔离"
    Martian { address: IpAddr }
        en "{address} cannot be there (martian)"
        zh "{address} 不可能出现在这里（martian）"
    ReversePath { source: IpAddr, link: LinkName, sysctl: String }
        en "the way back to {source} is not by {link} ({sysctl})"
        zh "回到 {source} 的路不经过 {link}（{sysctl}）"
}
