//! Why the daemon said no. Each reason belongs to a code and carries the facts; the client says it
//! in the reader's language.
//!
//! To add one: a line here, under its code.

use super::codes::Code;
use super::say::sentences;
use super::{Deed, StoreFailure, StoreRefusal};
use crate::cluster::{AttachmentId, Backend, ContainerId, NetworkName, NodeName, Publish};
use crate::net::{Family, IpNet, LinkName, Mac, Transport};
use std::net::{IpAddr, SocketAddr};

macro_rules! reasons {
    ($($code:ident: {
        $(
            $(#[$doc:meta])*
            $id:ident $({ $($field:ident: $type:ty),* $(,)? })?
                en $en:literal
                zh $zh:literal
        )*
    })*) => {
        sentences! {
            /// Why the daemon said no.
            enum Reason;
            $($($(#[$doc])* $id $({ $($field: $type),* })? en $en zh $zh)*)*
        }

        impl Reason {
            /// The code it belongs to.
            pub fn code(&self) -> Code {
                match self {
                    $($(Self::$id $({ $($field: _),* })? => Code::$code,)*)*
                }
            }
        }
    };
}

reasons! {
    InvalidRequest: {
        /// An attach without its descriptor.
        NoNamespaceSent { id: AttachmentId }
            en "no network namespace came with the request to attach {id}"
            zh "接入 {id} 的请求没有附带网络命名空间"
        NotANamespace { id: AttachmentId }
            en "what came with the request for {id} is no network namespace"
            zh "{id} 的请求所附带的不是网络命名空间"
        NotUnderstood { why: String }
            en "the daemon does not understand the question: {why}; shim and daemon may be of different versions"
            zh "守护进程无法理解该请求：{why}；CNI 程序与守护进程的版本可能不同"
        TooLong { most: u32 }
            en "the request is longer than {most} bytes"
            zh "请求超过 {most} 字节"
        NotANetwork { why: String }
            en "the request's body is not a network: {why}"
            zh "请求正文不是一个网络：{why}"
        NoSuchAddress
            en "there is nothing at this address of the API; see GET /v1/status"
            zh "API 的这个地址上没有内容；请参见 GET /v1/status"
        NoSuchMethod
            en "this address of the API does not take this method"
            zh "API 的这个地址不接受该方法"
        BadName { why: String }
            en "the name in the request's address is not valid: {why}"
            zh "请求地址中的名称无效：{why}"
        TooSlow { seconds: u64 }
            en "the question was not answered within {seconds} s: its body did not come, or the work took too long"
            zh "该请求在 {seconds} 秒内未能得到应答：正文没有到齐，或处理时间过长"
        PortZero { publish: Publish }
            en "cannot publish {publish}: port 0 is none; ports are 1 to 65535"
            zh "无法发布 {publish}：端口 0 不可用；端口应为 1 到 65535"
        PortTwice { publish: Publish, twin: Publish }
            en "{publish} and {twin} want the same port of the host"
            zh "{publish} 与 {twin} 要用主机的同一个端口"
        AddressOutside { network: NetworkName, address: IpAddr, subnets: Vec<IpNet> }
            en "{address} is not in network {network}; it holds {subnets}"
            zh "{address} 不在网络 {network} 中；该网络的地址范围是 {subnets}"
        AddressReserved { network: NetworkName, address: IpAddr, what: Reserved, subnet: IpNet }
            en "network {network}: {address} cannot be a container's: it is the {what} of {subnet}"
            zh "网络 {network}：{address} 不能给容器使用：它是 {subnet} 的{what}"
        AddressesOfAFamily { family: Family }
            en "two {family} addresses were asked for; an attachment takes one of each family"
            zh "请求了两个 {family} 地址；一个接入每个地址族只能有一个地址"
        MacNotUnicast { mac: Mac }
            en "{mac} cannot be a container's MAC address: it is not a unicast address; the first byte must be even"
            zh "{mac} 不能用作容器的 MAC 地址：它不是单播地址；首字节必须为偶数"
        GatewayWithoutSubnet { gateway: IpAddr }
            en "gateway {gateway} has no subnet of its family"
            zh "网关 {gateway} 没有同一地址族的子网"
        NoSubnet
            en "a network needs a subnet; give one such as 10.88.0.0/16 or fd00:88::/64"
            zh "网络需要一个子网；例如 10.88.0.0/16 或 fd00:88::/64"
        SubnetsOfAFamily { family: Family }
            en "a network takes at most one {family} subnet"
            zh "一个网络最多有一个 {family} 子网"
        SubnetHostBits { subnet: IpNet, meant: IpNet }
            en "{subnet} has host bits set; the network's own address is {meant}"
            zh "{subnet} 带有主机位；网络地址应为 {meant}"
        SubnetTooSmall { subnet: IpNet }
            en "{subnet} holds too few addresses for a gateway and a container; use /30 or larger (IPv6: /126)"
            zh "{subnet} 的地址太少，容不下网关和容器；请用 /30 或更大的子网（IPv6：/126）"
        SubnetUnusable { subnet: IpNet, why: Unusable }
            en "{subnet} cannot be a container network: {why}"
            zh "{subnet} 不能用作容器网络：{why}"
        GatewayOutside { gateway: IpAddr, subnet: IpNet }
            en "gateway {gateway} is not a host address of {subnet}"
            zh "网关 {gateway} 不是 {subnet} 中的主机地址"
        MtuRange { mtu: u32 }
            en "MTU {mtu} is out of range: 576 to 65535 bytes, and at least 1280 with IPv6 (RFC 8200 §5)"
            zh "MTU {mtu} 超出范围：应为 576 到 65535 字节，有 IPv6 时至少 1280（RFC 8200 §5）"
        AddressesOfANode { family: Family }
            en "two {family} addresses were given; the other nodes reach this one at one of each family"
            zh "给出了两个 {family} 地址；其他节点通过每个地址族的一个地址访问本节点"
        NoSuchBackend { backend: String }
            en "no backend is named {backend}; there is auto, direct and vxlan"
            zh "没有名为 {backend} 的后端；可用：auto、direct、vxlan"
        VniRange { vni: u32 }
            en "VXLAN network identifier {vni} is out of range: 1 to 16777215 (RFC 7348 §5)"
            zh "VXLAN 网络标识 {vni} 超出范围：应为 1 到 16777215（RFC 7348 §5）"
        VxlanPortZero
            en "VXLAN cannot use UDP port 0; its own is 4789"
            zh "VXLAN 不能使用 UDP 端口 0；标准端口是 4789"
        BlockSize { block: u32, subnet: IpNet }
            en "nodes cannot claim blocks of /{block} from {subnet}: a block is smaller than the subnet and holds at least 4 addresses"
            zh "节点无法从 {subnet} 中申领 /{block} 的地址块：地址块必须小于子网，且至少含 4 个地址"
    }

    Cluster: {
        StoreAway { why: StoreFailure }
            en "the cluster's store cannot be asked: {why}; what is there goes on working, and this can be tried again"
            zh "无法访问集群存储：{why}；现有网络继续工作，可稍后再试"
        StoreSaid { refusal: StoreRefusal }
            en "{refusal}"
            zh "{refusal}"
        NotInACluster { network: NetworkName }
            en "network {network} is of this host alone; a network of several hosts needs a node started with --store"
            zh "网络 {network} 只属于本机；跨主机网络需要以 --store 启动的节点"
        NotANode
            en "this node is in no cluster; start it with --store, for instance --store etcd://10.0.0.1:2379"
            zh "本节点不在任何集群中；请以 --store 启动，例如 --store etcd://10.0.0.1:2379"
        NoSuchNode { name: NodeName, known: Vec<NodeName> }
            en "no node of the cluster is named {name}; there is {known}"
            zh "集群中没有名为 {name} 的节点；现有：{known}"
        NetworkNotMade { name: NetworkName, seconds: u64 }
            en "network {name} is in the cluster's store, and this node had not made it after {seconds} s; see glassnet status"
            zh "网络 {name} 已写入集群存储，但本节点 {seconds} 秒内仍未建好；请查看 glassnet status"
        NetworkCloses { name: NetworkName }
            en "network {name} is being removed from the cluster"
            zh "网络 {name} 正在从集群中删除"
        NameOfALocalNetwork { name: NetworkName }
            en "the cluster has a network {name}, and this host has one of its own by that name; remove or rename that one"
            zh "集群中有网络 {name}，而本机已有同名的本机网络；请删除或改名后者"
        NetworkGoneInUse { name: NetworkName }
            en "network {name} was removed from the cluster while containers of this host are attached to it; they keep it until they are detached"
            zh "网络 {name} 已从集群中删除，但本机仍有容器接入；断开之前它们继续使用该网络"
    }

    NoNetwork: {
        NoSuchNetwork { name: NetworkName, known: Vec<NetworkName> }
            en "no network is named {name} on this host; there is {known}"
            zh "本机没有名为 {name} 的网络；现有：{known}"
        NoNetworkYet { name: NetworkName }
            en "no network is named {name} on this host; there is none yet; create it with: glassnet network create {name}"
            zh "本机没有名为 {name} 的网络，也还没有任何网络；创建：glassnet network create {name}"
    }

    Exists: {
        NetworkDiffers { name: NetworkName, differences: Vec<NetworkDifference> }
            en "network {name} is there already and differs: {differences}; choose another name, or remove it first"
            zh "网络 {name} 已经存在，但设置不同：{differences}；请换一个名称，或先删除它"
        AttachmentDiffers { id: AttachmentId, differences: Vec<AttachmentDifference> }
            en "{id} is attached already and differs: {differences}; detach it first"
            zh "{id} 已经接入，但设置不同：{differences}；请先断开"
        BridgeNameTaken { name: NetworkName, twin: NetworkName, bridge: LinkName }
            en "{name}'s bridge would have the name of {twin}'s, {bridge}; choose another name"
            zh "{name} 的网桥会与 {twin} 的网桥 {bridge} 同名；请换一个名称"
    }

    InUse: {
        NetworkInUseElsewhere { name: NetworkName, nodes: Vec<NodeName> }
            en "network {name} is in use on {nodes}; detach its containers there first"
            zh "网络 {name} 仍在 {nodes} 上使用；请先断开那里的容器"
        NetworkHeldByTheDead { name: NetworkName, nodes: Vec<NodeName> }
            en "network {name} is held by {nodes}, of which nothing is heard; if they are gone for good: glassnet node forget NAME"
            zh "网络 {name} 被 {nodes} 持有，而这些节点没有回应；如已永久离开，请执行：glassnet node forget 节点名"
        NetworkInUse { name: NetworkName, id: AttachmentId, others: usize }
            en "network {name} is in use by {id} and {others} more; detach first"
            zh "网络 {name} 仍被 {id} 和另外 {others} 个接入使用；请先断开"
        NetworkInUseByOne { name: NetworkName, id: AttachmentId }
            en "network {name} is in use by {id}; detach first"
            zh "网络 {name} 仍被 {id} 使用；请先断开"
    }

    Blocked: {
        ForwardingBlocked { owner: Box<str>, network: NetworkName, traffic: Box<str>, chain: Box<str>, priority: i32, by: Box<str>, command: Box<str> }
            en "{owner} drops what network {network} forwards ({traffic}): chain {chain}, hook forward, priority {priority}, {by}; let it pass with: {command}"
            zh "{owner} 会丢弃网络 {network} 转发的包（{traffic}）：链 {chain}，forward 钩子，优先级 {priority}，{by}；放行命令：{command}"
    }

    Exhausted: {
        /// The kernel's own no, before it is known whose bridge it was.
        NoPortLeft { deed: Deed, said: String }
            en "could not {deed}: {said}"
            zh "无法{deed}：{said}"
        BridgeFull { bridge: LinkName, network: NetworkName, most: usize }
            en "bridge {bridge} of network {network} has all {most} ports a Linux bridge can have; detach something or use another network"
            zh "网络 {network} 的网桥 {bridge} 已用满 Linux 网桥的全部 {most} 个端口；请断开一些接入，或使用另一个网络"
        NoBlockLeft { network: NetworkName, subnet: IpNet }
            en "network {network}: every block of addresses of {subnet} is claimed by some node; see who holds them with glassnet network inspect {network}, or create a larger network"
            zh "网络 {network}：{subnet} 的地址块已全部被各节点申领；用 glassnet network inspect {network} 查看持有者，或创建更大的网络"
        NoAddressHere { network: NetworkName, why: StoreFailure }
            en "network {network}: this node's blocks have no free address left, and no further block can be claimed while the cluster's store is away: {why}"
            zh "网络 {network}：本节点的地址块已无空闲地址，而集群存储不可用，无法再申领：{why}"
        NoVniFree { tried: u32 }
            en "no free VXLAN network identifier was found in {tried} tries; name one with --vni"
            zh "尝试 {tried} 次仍未找到空闲的 VXLAN 网络标识；请用 --vni 指定"
        NoAddressLeft { network: NetworkName, subnet: IpNet, taken: usize }
            en "network {network}: no free address is left in {subnet}: all {taken} are leased; detach something, or create the network with a larger subnet"
            zh "网络 {network}：{subnet} 已没有空闲地址：{taken} 个全部租出；请断开一些接入，或用更大的子网创建网络"
        NetworkFull { network: NetworkName, leasable: u64 }
            en "network {network} has no free address: all {leasable} are leased"
            zh "网络 {network} 没有空闲地址：{leasable} 个全部租出"
        NoSubnetFree
            en "no private IPv4 subnet is free on this host; name one with --subnet"
            zh "本机没有空闲的私有 IPv4 子网；请用 --subnet 指定"
    }

    Taken: {
        TunnelPortOfTunnel { port: u16, link: LinkName }
            en "the tunnel end cannot use UDP port {port}: link {link}, a VXLAN of another program, has it; create the network with another --vxlan-port"
            zh "隧道端点无法使用 UDP 端口 {port}：它被其他程序的 VXLAN 链路 {link} 占用；请用其他 --vxlan-port 创建网络"
        TunnelPortOfProcess { port: u16, process: String, pid: u32 }
            en "the tunnel end cannot use UDP port {port}: process {process} ({pid}) has it; create the network with another --vxlan-port"
            zh "隧道端点无法使用 UDP 端口 {port}：它被进程 {process}（{pid}）占用；请用其他 --vxlan-port 创建网络"
        TunnelPortTaken { port: u16 }
            en "the tunnel end cannot use UDP port {port}: somebody else has it; create the network with another --vxlan-port"
            zh "隧道端点无法使用 UDP 端口 {port}：它已被占用；请用其他 --vxlan-port 创建网络"
        StrangerAnswers { address: IpAddr, network: NetworkName, mac: Mac, ports: String }
            en "{address} is in use on network {network}: {mac} answers for it, behind {ports}, which glassnet has not attached"
            zh "{address} 在网络 {network} 上已被使用：{ports} 后面的 {mac} 应答了它，而那不是 glassnet 接入的"
        StrangersEverywhere { most: usize, network: NetworkName }
            en "{most} addresses of network {network} in a row are in use by others than glassnet has attached; take their ports off its bridge, or ask for an address"
            zh "网络 {network} 连续 {most} 个地址都被非 glassnet 接入者使用；请把它们的端口移出网桥，或指定一个地址"
        AddressTaken { network: NetworkName, address: IpAddr, holder: String }
            en "network {network}: {address} is already leased to {holder}"
            zh "网络 {network}：{address} 已租给 {holder}"
        MacTaken { mac: Mac, id: AttachmentId, network: NetworkName }
            en "MAC {mac} is {id}'s in network {network}"
            zh "MAC {mac} 属于网络 {network} 中的 {id}"
        MacOfBridge { mac: Mac, network: NetworkName }
            en "MAC {mac} is the bridge's of network {network}"
            zh "MAC {mac} 属于网络 {network} 的网桥"
        PortPublished { publish: Publish, id: AttachmentId, theirs: Publish }
            en "cannot publish {publish}: {id} has published {theirs}"
            zh "无法发布 {publish}：{id} 已发布 {theirs}"
        PortHeld { publish: Publish, process: String, pid: u32, transport: Transport, local: SocketAddr }
            en "cannot publish {publish}: {process} (pid {pid}) listens on {transport} {local} of this host; stop it or publish another port"
            zh "无法发布 {publish}：{process}（pid {pid}）正在监听本机的 {transport} {local}；请停止它，或发布另一个端口"
        PortHeldByUnknown { publish: Publish, transport: Transport, local: SocketAddr }
            en "cannot publish {publish}: a process listens on {transport} {local} of this host; stop it or publish another port"
            zh "无法发布 {publish}：有进程正在监听本机的 {transport} {local}；请停止它，或发布另一个端口"
        SubnetOverlaps { subnet: IpNet, other: IpNet, free: IpNet }
            en "{subnet} overlaps {other}, which this host already routes; {free} is free"
            zh "{subnet} 与 {other} 重叠，而本机已有到后者的路由；{free} 可用"
        SubnetOverlapsAll { subnet: IpNet, other: IpNet }
            en "{subnet} overlaps {other}, which this host already routes"
            zh "{subnet} 与 {other} 重叠，而本机已有到后者的路由"
    }

    NoNamespace: {
        HostsOwnNamespace { netns: String }
            en "{netns} is the host's own network namespace; a container needs one of its own"
            zh "{netns} 是主机自己的网络命名空间；容器需要一个独立的"
    }

    Kernel: {
        StepFailed { deed: Deed, said: String }
            en "could not {deed}: {said}"
            zh "无法{deed}：{said}"
        KernelSaid { said: String }
            en "{said}"
            zh "内核报告：{said}"
        DaemonFailed { why: String }
            en "the daemon failed over this question: {why}; see its log"
            zh "守护进程在处理该请求时出错：{why}；请查看其日志"
    }

    Storage: {
        Unwritable { why: String }
            en "{why}"
            zh "状态目录出错：{why}"
    }

    Busy: {
        StillDetaching { id: AttachmentId }
            en "{id} has to wait for an earlier attachment that is still being taken down; try again"
            zh "{id} 要等先前的接入拆除完毕；请稍后再试"
        AttachedMeanwhile { id: AttachmentId }
            en "{id} was attached by somebody else meanwhile"
            zh "{id} 在此期间已被他人接入"
        DetachedMeanwhile { id: AttachmentId }
            en "{id} was detached while it was being attached; attach it again if it is still wanted"
            zh "{id} 在接入过程中被断开；如仍需要，请重新接入"
    }

    Differs: {
        NoSuchContainer { container: ContainerId, known: Vec<String> }
            en "no container {container} is attached on this host; there is {known}"
            zh "本机没有接入容器 {container}；现有：{known}"
        NoContainerYet { container: ContainerId }
            en "no container {container} is attached on this host, nor any other"
            zh "本机没有接入容器 {container}，也没有任何其他容器"
        NotAttached { id: AttachmentId }
            en "{id} is not attached to any network here"
            zh "{id} 没有接入这里的任何网络"
    }

    Node: {
        AnotherRuns { directory: String, pid: u32 }
            en "another glassnet node (pid {pid}) runs with the state directory {directory}; stop it, or use another directory"
            zh "另一个 glassnet node（pid {pid}）正在使用状态目录 {directory}；请停止它，或使用另一个目录"
        NodePrivilege { lacking: Vec<String> }
            en "the daemon needs the capabilities {lacking}, which this process lacks: run the command as root (for instance with sudo)"
            zh "守护进程需要权限 {lacking}，而当前进程没有：请以 root 身份运行（例如使用 sudo）"
        CannotStart { why: String }
            en "the daemon cannot run: {why}"
            zh "守护进程无法运行：{why}"
        DemoFailed { why: String }
            en "the demo broke off: {why}"
            zh "演示中断：{why}"
    }
}

sentences! {
    /// What an address is reserved for.
    enum Reserved;
    Gateway en "gateway" zh "网关"
    NetworkAddress en "network address" zh "网络地址"
    Broadcast en "broadcast address" zh "广播地址"
}

sentences! {
    /// Why a subnet is no container network.
    enum Unusable;
    Loopback en "it is loopback" zh "它是环回地址"
    Multicast en "it is multicast" zh "它是组播地址"
    Large en "it is larger than a /8" zh "它大于 /8"
    LinkLocal en "it is link-local" zh "它是链路本地地址"
}

sentences! {
    /// What of a network is not as a repeated request has it.
    enum NetworkDifference;
    Subnets { asked: Vec<IpNet>, found: Vec<IpNet> }
        en "its subnet is {found}, not {asked}"
        zh "子网是 {found}，而不是 {asked}"
    Gateway { asked: IpAddr, found: IpAddr }
        en "its gateway is {found}, not {asked}"
        zh "网关是 {found}，而不是 {asked}"
    Mtu { asked: Choice, found: Choice }
        en "its MTU is {found}, not {asked}"
        zh "MTU 是 {found}，而不是 {asked}"
    Masquerade { asked: Choice, found: Choice }
        en "masquerade is {found}, not {asked}"
        zh "地址伪装为{found}，而不是{asked}"
    Backend { asked: Backend, found: Backend }
        en "its backend is {found}, not {asked}; change it with glassnet network set"
        zh "后端是 {found}，而不是 {asked}；可用 glassnet network set 更改"
    NotSpread
        en "it is of this host alone, not of the cluster"
        zh "它只属于本机，而不属于集群"
    Spoofing { asked: Choice, found: Choice }
        en "spoofing is {found}, not {asked}"
        zh "源地址欺骗为{found}，而不是{asked}"
}

sentences! {
    /// What of an attachment is not as a repeated request has it.
    enum AttachmentDifference;
    Namespace
        en "it is in another network namespace"
        zh "它在另一个网络命名空间中"
    Network { asked: NetworkName, found: NetworkName }
        en "its network is {found}, not {asked}"
        zh "所在网络是 {found}，而不是 {asked}"
    Address { asked: IpAddr, found: Vec<IpAddr> }
        en "its address is {found}, not {asked}"
        zh "地址是 {found}，而不是 {asked}"
    Mac { asked: Mac, found: Mac }
        en "its MAC address is {found}, not {asked}"
        zh "MAC 地址是 {found}，而不是 {asked}"
    Publish { asked: Ports, found: Ports }
        en "its published ports are {found}, not {asked}"
        zh "发布端口是{found}，而不是{asked}"
    Bandwidth
        en "its rate limits are others"
        zh "限速不同"
    DefaultRoute { asked: Choice, found: Choice }
        en "default route through it: {found}, not {asked}"
        zh "经由它的默认路由：{found}，而不是{asked}"
}

sentences! {
    /// A setting's value.
    enum Choice;
    On en "on" zh "开启"
    Off en "off" zh "关闭"
    FromUnderlay en "the underlay's" zh "底层网络的值"
    Bytes { bytes: u32 } en "{bytes}" zh " {bytes} "
}

sentences! {
    /// Published ports, which may be none.
    enum Ports;
    None en "none" zh "无"
    Some { ports: Vec<Publish> } en "{ports}" zh " {ports} "
}

impl Choice {
    pub fn mtu(mtu: Option<u32>) -> Self {
        mtu.map_or(Self::FromUnderlay, |bytes| Self::Bytes { bytes })
    }
}

impl From<bool> for Choice {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

impl From<&[Publish]> for Ports {
    fn from(ports: &[Publish]) -> Self {
        if ports.is_empty() { Self::None } else { Self::Some { ports: ports.to_vec() } }
    }
}

impl std::error::Error for Reason {}
