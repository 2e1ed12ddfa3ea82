//! What the store that several hosts share says no to, and why it cannot be asked.

use super::SystemFault;
use super::say::sentences;
use crate::cluster::{NetworkName, NodeName};
use crate::net::{IpNet, LinkName};

sentences! {
    /// Why one member of the store did not do what it was asked.
    enum StoreFault;
    Refused
        en "nothing listens there; start etcd, or correct the address"
        zh "该地址没有程序在监听；请启动 etcd，或更正地址"
    Unreached { why: String }
        en "it cannot be reached: {why}"
        zh "无法到达：{why}"
    NoAnswer { milliseconds: u64 }
        en "no answer came within {milliseconds} ms; it is stopped or overloaded, or packets are lost on the way"
        zh "{milliseconds} 毫秒内没有应答；它已停住或过载，或数据包在途中丢失"
    Closed
        en "the connection ended before the answer came"
        zh "应答到达之前连接已断开"
    /// It is there, but cannot decide on its own.
    Undecided { why: String }
        en "it cannot decide ({why}); most of etcd's members are down or cut off, or its disk is slow"
        zh "它无法作出决定（{why}）；etcd 的多数成员已停止或被隔离，或磁盘太慢"
    Full
        en "its space is used up; compact and defragment it, then: etcdctl alarm disarm"
        zh "它的空间已用尽；请压缩并整理碎片，然后执行：etcdctl alarm disarm"
    Forbidden { why: String }
        en "it does not allow this to us: {why}; give our user a role that may read and write the whole prefix"
        zh "它不允许我们这样做：{why}；请给我们的用户一个可读写整个前缀的角色"
    /// We spoke TLS, and it does not.
    NoTls
        en "it does not speak TLS; give it a certificate (etcd --cert-file), or use etcd:// without --store-ca"
        zh "它不使用 TLS；请给它配置证书（etcd --cert-file），或使用 etcd:// 且不带 --store-ca"
    /// We did not speak TLS, and it does.
    TlsWanted
        en "it speaks TLS only; name the certificate of its authority with --store-ca"
        zh "它只使用 TLS；请用 --store-ca 指定其签发机构的证书"
    UnknownAuthority
        en "its certificate was not issued by the authority of --store-ca"
        zh "它的证书不是由 --store-ca 的机构签发的"
    OtherName { host: String }
        en "its certificate is not for the name {host}; issue one that lists it, or use a name that it lists"
        zh "它的证书不适用于名称 {host}；请签发包含该名称的证书，或使用证书中列出的名称"
    NotValidNow
        en "its certificate has expired or is not valid yet; renew it, or set the clocks right"
        zh "它的证书已过期或尚未生效；请更新证书，或校准时钟"
    BadCertificate { why: String }
        en "its certificate cannot be trusted: {why}"
        zh "它的证书不可信：{why}"
    CertificateWanted
        en "it wants a certificate of ours; name one with --store-cert and its key with --store-key"
        zh "它要求我们出示证书；请用 --store-cert 指定证书，用 --store-key 指定其私钥"
    CertificateRefused { why: String }
        en "it refuses our certificate ({why}): it has expired, or is not of the authority that etcd trusts (etcd --trusted-ca-file)"
        zh "它拒绝了我们的证书（{why}）：证书已过期，或不是由 etcd 信任的机构（etcd --trusted-ca-file）签发"
    Tls { why: String }
        en "no TLS connection came about: {why}"
        zh "未能建立 TLS 连接：{why}"
    Other { why: String }
        en "it says: {why}"
        zh "它回答：{why}"
}

sentences! {
    /// One member of the store that was asked.
    enum StoreTried;
    At { endpoint: String, fault: StoreFault }
        en "etcd at {endpoint}: {fault}"
        zh "位于 {endpoint} 的 etcd：{fault}"
}

sentences! {
    /// Why the store could not be asked at all.
    enum StoreFailure;
    BadAddress { text: String }
        en "{text} is no address of a store; write etcd://HOST:PORT, or several as etcd://HOST:PORT,HOST:PORT (etcds:// with TLS)"
        zh "{text} 不是存储的地址；请写成 etcd://主机:端口，多个写成 etcd://主机:端口,主机:端口（使用 TLS 时为 etcds://）"
    NoAuthority
        en "etcds:// and certificates of our own need the authority's certificate; name it with --store-ca"
        zh "使用 etcds:// 或自己的证书时需要签发机构的证书；请用 --store-ca 指定"
    ReadFile { path: String, why: SystemFault }
        en "cannot read {path}: {why}"
        zh "无法读取 {path}：{why}"
    NotPem { path: String }
        en "{path} holds nothing of the kind that is wanted there; a certificate or a key in PEM form is"
        zh "{path} 中没有所需的内容；应为 PEM 格式的证书或私钥"
    KeyNotOfCertificate { path: String, why: String }
        en "the key in {path} does not go with its certificate: {why}"
        zh "{path} 中的私钥与其证书不匹配：{why}"
    /// Who was asked, in turn; nobody did it.
    Away { tried: Vec<StoreTried> }
        en "the store does not answer: {tried}"
        zh "存储没有应答：{tried}"
    /// What is wanted is not to be had any more, or is another store's: read anew.
    HistoryGone { revision: u64 }
        en "the store does not have what changed since revision {revision}; it is to be read anew"
        zh "存储中已没有修订 {revision} 之后的变更；需要重新读取"
    Unreadable { key: String, why: String }
        en "what stands at {key} in the store cannot be read ({why}); it is of a later version, or damaged"
        zh "存储中 {key} 的内容无法读取（{why}）；它来自更新的版本，或已损坏"
    Restless { key: String }
        en "{key} in the store was changed by others at each of several tries; try again"
        zh "存储中的 {key} 在多次尝试时都被他人修改；请重试"
}

impl std::error::Error for StoreFailure {}

sentences! {
    /// What stands in the way of a change, and whose it is.
    enum StoreRefusal;
    NetworkThere { name: NetworkName }
        en "network {name} is there already, with other settings"
        zh "网络 {name} 已经存在，但设置不同"
    NoNetwork { name: NetworkName }
        en "there is no network {name}"
        zh "没有网络 {name}"
    NetworkChanged { name: NetworkName }
        en "network {name} was changed by somebody else meanwhile"
        zh "网络 {name} 在此期间被他人修改"
    /// It has no VXLAN network identifier to be told apart by.
    OfOneHost { name: NetworkName }
        en "network {name} is of one host alone and does not belong in the store"
        zh "网络 {name} 只属于一台主机，不应放入存储"
    SubnetTaken { subnet: IpNet, other: IpNet, network: NetworkName }
        en "{subnet} overlaps {other}, which is network {network}'s"
        zh "{subnet} 与网络 {network} 的 {other} 重叠"
    BridgeTaken { bridge: LinkName, network: NetworkName }
        en "the bridge {bridge} is network {network}'s"
        zh "网桥 {bridge} 属于网络 {network}"
    VniTaken { vni: u32, network: NetworkName }
        en "VXLAN network identifier {vni} is that of network {network}"
        zh "VXLAN 网络标识 {vni} 已被网络 {network} 使用"
    StillClaimed { network: NetworkName, prefix: IpNet, node: NodeName, claims: u64 }
        en "network {network} is in use: node {node} holds {prefix} (claims in all: {claims})"
        zh "网络 {network} 仍在使用：节点 {node} 持有 {prefix}（共 {claims} 项申领）"
    Taken { network: NetworkName, prefix: IpNet, node: NodeName }
        en "node {node} holds {prefix} of network {network}"
        zh "节点 {node} 持有网络 {network} 的 {prefix}"
    NameHeld { node: NodeName, machine: String }
        en "another machine, {machine}, lives under the name {node}; give one of them another name"
        zh "另一台机器 {machine} 正以名称 {node} 运行；请给其中一台换个名称"
    StillAlive { node: NodeName, machine: String }
        en "node {node} is alive on machine {machine}; stop it first"
        zh "节点 {node} 仍在机器 {machine} 上运行；请先停止它"
}

impl std::error::Error for StoreRefusal {}
