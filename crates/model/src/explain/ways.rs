//! Why packets do not reach a peer by a means, or not as large as they should.

use super::say::sentences;
use crate::cluster::Means;
use crate::net::{Family, LinkName};
use std::net::IpAddr;

sentences! {
    /// What keeps a means from being used at its best.
    enum WayFault;
    NoHop { family: Family }
        en "no route of this host leads to the peer's {family} address"
        zh "本机没有通往对端 {family} 地址的路由"
    NoSuchFamily { family: Family }
        en "the two nodes have no {family} address of the underlay in common"
        zh "两个节点在底层网络中没有共同的 {family} 地址"
    NoTunnelEnd
        en "the peer has told of no tunnel end"
        zh "对端没有公布隧道端点"
    NoProofAddress { family: Family }
        en "the peer has told of no {family} address to prove the direct way by"
        zh "对端没有公布用于验证直接路径的 {family} 地址"
    VxlanSilent { port: u16, underlay: IpAddr }
        en "UDP port {port} does not pass: {underlay} answers plain ICMP, and nothing inside VXLAN"
        zh "UDP 端口 {port} 不通：{underlay} 应答普通 ICMP，但不应答 VXLAN 中的任何包"
    Silent { means: Means, to: IpAddr }
        en "{means}: nothing comes back from {to}"
        zh "{means}：{to} 没有任何应答"
    UnderlaySilent { underlay: IpAddr }
        en "the peer's address {underlay} does not answer at all"
        zh "对端地址 {underlay} 完全没有应答"
    LargeLost { means: Means, bytes: u32 }
        en "{means}: packets above {bytes} bytes do not pass, and no ICMP error came"
        zh "{means}：超过 {bytes} 字节的包无法通过，也没有收到 ICMP 差错报文"
    RouterSaid { means: Means, router: IpAddr, mtu: u32 }
        en "{means}: {router} says that packets above {mtu} bytes do not pass"
        zh "{means}：{router} 表示超过 {mtu} 字节的包无法通过"
    LinkTakes { means: Means, mtu: u32 }
        en "{means}: this host's link takes {mtu} bytes at most"
        zh "{means}：本机的链路最多承载 {mtu} 字节"
    Refused { means: Means, to: IpAddr, by: IpAddr, kind: u8, code: u8 }
        en "{means}: {by} says that {to} cannot be reached (ICMP type {kind}, code {code})"
        zh "{means}：{by} 表示无法到达 {to}（ICMP 类型 {kind}，代码 {code}）"
    NotSent { means: Means, to: IpAddr, why: Unsent }
        en "{means}: nothing could be sent to {to}: {why}"
        zh "{means}：无法向 {to} 发送：{why}"
}

sentences! {
    /// Why this host did not send a packet.
    enum Unsent;
    NoRoute en "no route leads there" zh "没有通往那里的路由"
    NoSource { from: IpAddr } en "{from} is no address of this host" zh "{from} 不是本机地址"
    NoLink { link: LinkName } en "there is no link {link}" zh "没有链路 {link}"
    LinkDown en "the link is down" zh "链路未启用"
    Forbidden en "a rule of this host forbids it" zh "被本机的规则禁止"
    Other { errno: i32 } en "error {errno}" zh "错误 {errno}"
}
