//! What can be wrong with a lab file, for the crate `lab`, which knows the place of each mistake.

use super::say::sentences;
use crate::net::IpNet;
use std::net::IpAddr;

sentences! {
    /// What bears a name, or is an entry of a list.
    enum LabThing;
    Switch en "switch" zh "交换机"
    Host en "host" zh "主机"
    Router en "router" zh "路由器"
    Network en "network" zh "网络"
    Container en "container" zh "容器"
    Link en "link" zh "链路"
}

sentences! {
    /// What a value of the file has to be.
    enum LabValue;
    Address en "an IP address" zh "IP 地址"
    LinkAddress en "an address with its prefix length" zh "带前缀长度的地址"
    Prefix en "a prefix such as 10.1.0.0/16" zh "形如 10.1.0.0/16 的前缀"
    Subnet en "a subnet such as 10.1.0.0/24" zh "形如 10.1.0.0/24 的子网"
    Backend en "a backend: auto, direct or vxlan" zh "后端：auto、direct 或 vxlan"
}

sentences! {
    /// What is wrong at one place of a lab file.
    enum LabMistake;

    // What the YAML reader disliked.
    UnknownKey { key: String } en "unknown key \"{key}\"" zh "未知的键“{key}”"
    KeyTwice { key: String } en "\"{key}\" is there twice" zh "“{key}”出现了两次"
    SomeKeyTwice en "this key is there twice" zh "这个键出现了两次"
    NoWholeNumber en "a whole number is needed here" zh "此处需要整数"
    NoTrueOrFalse en "true or false is needed here" zh "此处需要 true 或 false"
    /// In the reader's own words.
    Yaml { why: String } en "{why}" zh "不是有效的 YAML，或与格式不符：{why}"

    // Names.
    NoLabName { name: String } en "\"{name}\" is no name for a lab" zh "“{name}”不能用作实验环境的名称"
    NameTaken { name: String, other: LabThing, line: u64 }
        en "\"{name}\" is a {other} already, on line {line}"
        zh "“{name}”已是{other}的名称（第 {line} 行）"
    NameLong { name: String, length: usize, what: LabThing, most: usize }
        en "\"{name}\" has {length} characters; a {what}'s name has at most {most}"
        zh "“{name}”有 {length} 个字符；{what}的名称最多 {most} 个字符"
    NoName { name: String, what: LabThing }
        en "\"{name}\" is no name for a {what}"
        zh "“{name}”不能用作{what}的名称"
    Second { what: LabThing, name: String }
        en "a second {what} called \"{name}\""
        zh "第二个名为“{name}”的{what}"
    TooManyMachines { most: usize }
        en "more than {most} machines in one lab"
        zh "一个实验环境中的机器超过 {most} 台"

    // Values.
    MtuRange { mtu: u32 }
        en "an MTU of {mtu} bytes is not possible"
        zh "MTU 不能是 {mtu} 字节"
    MtuForIpv6 { least: u32, mtu: u32 }
        en "IPv6 needs an MTU of at least {least}, not {mtu}"
        zh "IPv6 的 MTU 至少为 {least}，而不是 {mtu}"
    NotA { text: String, kind: LabValue } en "\"{text}\" is not {kind}" zh "“{text}”不是{kind}"
    NoSubnet { text: String } en "\"{text}\" is not a subnet" zh "“{text}”不是子网"
    BitsBeyond { subnet: IpNet }
        en "{subnet} has bits set beyond its length"
        zh "{subnet} 在前缀长度之外还有非零的位"
    BridgeNetfilter en "bridge_nf_call is 0 or 1" zh "bridge_nf_call 只能是 0 或 1"
    NoNetworkSysctl { name: String }
        en "\"{name}\" is no sysctl of a network"
        zh "“{name}”不是网络的 sysctl"
    SysctlLines en "a sysctl's value is one line" zh "sysctl 的值只能有一行"
    NoPublish { text: String }
        en "\"{text}\" is no port to publish"
        zh "“{text}”不是可发布的端口"
    NoPage { text: String } en "\"{text}\" is no page to serve" zh "“{text}”不是可提供的页面"
    SecondPage { port: u16 } en "a second page on port {port}" zh "端口 {port} 上的第二个页面"

    // Networks of a machine.
    NoNode { name: String }
        en "\"{name}\" runs no glassnet, so it can have no networks"
        zh "“{name}”不运行 glassnet，因此不能有网络"
    NetworkWithoutNode
        en "a machine without glassnet has no networks"
        zh "不运行 glassnet 的机器没有网络"
    NoSuchNetwork { name: String }
        en "no network is called \"{name}\" on this machine"
        zh "这台机器上没有名为“{name}”的网络"
    ContainerAlone
        en "a container on no network can have no such thing"
        zh "不在任何网络上的容器不能有这一项"

    // Several hosts.
    EtcdWithoutAddress { name: String }
        en "\"{name}\" runs etcd, but has no address to reach it at"
        zh "“{name}”运行 etcd，却没有可供访问的地址"
    StoreWithoutEtcd { name: String }
        en "\"{name}\" runs no etcd, so it cannot be the store"
        zh "“{name}”不运行 etcd，因此不能作为存储"
    NetworksWithoutStore
        en "networks of all hosts need a store"
        zh "所有主机共有的网络需要存储"
    UnderlayWithoutStore { name: String }
        en "without a store \"{name}\" has no use for an underlay"
        zh "没有存储时，“{name}”用不到底层网络的链路"
    NotOfAll
        en "only a network of all hosts has such a thing"
        zh "只有所有主机共有的网络才有这一项"
    PortRange { port: u32 } en "{port} is no port" zh "{port} 不是端口"
    NobodyRunsGlassnet
        en "no machine of this lab runs glassnet"
        zh "这个实验环境中没有机器运行 glassnet"
    NoUnderlay { name: String }
        en "\"{name}\" shares networks, but has no address that other hosts could reach it at"
        zh "“{name}”与其他主机共有网络，却没有可供它们访问的地址"
    StoreOfOtherFamily { name: String, store: String }
        en "\"{name}\" cannot reach the store: it has no address of a family that \"{store}\" has"
        zh "“{name}”无法访问存储：它与“{store}”没有同一地址族的地址"

    // What is lost on the way.
    NoDrop { text: String }
        en "\"{text}\" is nothing that can be dropped"
        zh "“{text}”不是可以丢弃的内容"
    DropOnHost
        en "a host passes nothing on, so it has nothing to drop"
        zh "主机不转发数据包，因此没有可丢弃的内容"

    // Links and their ends.
    NobodyCalled { name: String }
        en "no switch or machine is called \"{name}\""
        zh "没有名为“{name}”的交换机或机器"
    LinkNotNamed { machine: String }
        en "\"{machine}\" is a machine: name its link too"
        zh "“{machine}”是机器：还要写出它的链路"
    NoSuchLink { machine: String, link: String }
        en "\"{machine}\" has no link \"{link}\""
        zh "“{machine}”没有链路“{link}”"
    CableToItself
        en "a cable has two ends: this one leads to itself"
        zh "网线有两端：这一根通向了自己"
    NotBack { to: String, leads: String, line: u64, own: String }
        en "{to} leads to {leads} (line {line}), not back to {own}"
        zh "{to} 通向 {leads}（第 {line} 行），而不是回到 {own}"
    TooManyPorts { links: usize, switch: String, most: usize }
        en "{links} links lead to \"{switch}\"; a switch has at most {most} ports"
        zh "有 {links} 条链路通向“{switch}”；交换机最多 {most} 个端口"

    // Addresses compared.
    NotForALink { address: IpNet } en "{address} is not for a link" zh "{address} 不能用于链路"
    SubnetItself { address: IpNet }
        en "{address} is the subnet itself"
        zh "{address} 是子网本身的地址"
    Broadcast { address: IpNet }
        en "{address} is the subnet's broadcast address"
        zh "{address} 是子网的广播地址"
    AddressTaken { address: IpAddr, owner: String, line: u64 }
        en "{address} is {owner}'s already, on line {line}"
        zh "{address} 已属于 {owner}（第 {line} 行）"
    OverlapOnWire { subnet: IpNet, other: IpNet, owner: String, line: u64 }
        en "{subnet} overlaps {other} of {owner} (line {line}) on the same wire"
        zh "{subnet} 与同一线路上 {owner}（第 {line} 行）的 {other} 重叠"
    InNoSubnet { address: IpNet, switch: String }
        en "{address} is in no subnet of the switch \"{switch}\""
        zh "{address} 不在交换机“{switch}”的任何子网中"
    NotOnCable { address: IpNet, owner: String, other: IpNet }
        en "{address} is not in the link's subnet: {owner} has {other}"
        zh "{address} 不在这条链路的子网中：{owner} 的地址是 {other}"
    OverlapOnMachine { address: IpNet, other: IpNet, link: String, line: u64 }
        en "{address} overlaps {other} of {link} (line {line})"
        zh "{address} 与 {link}（第 {line} 行）的 {other} 重叠"

    // Next hops.
    SecondGateway
        en "a second gateway of the same address family"
        zh "同一地址族的第二个网关"
    MixedFamilies { to: IpNet, via: IpAddr }
        en "{to} cannot be reached via {via}: one is IPv4, one IPv6"
        zh "{to} 不能经由 {via} 到达：一个是 IPv4，一个是 IPv6"
    OwnAddress { hop: IpAddr }
        en "{hop} is this machine's own address"
        zh "{hop} 是这台机器自己的地址"
    OnNoLink { hop: IpAddr }
        en "{hop} is on no link of this machine"
        zh "{hop} 不在这台机器的任何链路上"
}

sentences! {
    /// What to write instead.
    enum LabCure;
    MeantName { name: String } en "did you mean \"{name}\"?" zh "是否想写“{name}”？"
    KnownNames { names: Vec<String> } en "known here: {names}" zh "可用的有：{names}"
    MeantAddress { address: IpNet } en "did you mean {address}?" zh "是否想写 {address}？"
    LabName
        en "1 to 32 of a-z, 0-9 and \"-\", a letter or digit first"
        zh "请用 1 到 32 个 a-z、0-9 和“-”，以字母或数字开头"
    PlainName
        en "use a-z, 0-9 and \"-\", a letter or digit first"
        zh "请用 a-z、0-9 和“-”，以字母或数字开头"
    OtherName en "give one of them another name" zh "请给其中一个换个名称"
    OtherAddress en "give one of them another address" zh "请给其中一个换个地址"
    OwnSubnets
        en "each link of a machine needs its own subnet"
        zh "一台机器的每条链路都需要自己的子网"
    MtuRange en "68 to 65535 are" zh "应为 68 到 65535"
    LinkNames en "eth0 and wan.2 are" zh "例如 eth0 和 wan.2 可以"
    NodeTrue en "say node: true" zh "请写 node: true"
    StoreName
        en "say which machine runs etcd: store: NAME"
        zh "请在 store: NAME 中写明运行 etcd 的机器"
    EtcdTrue en "there, say etcd: true" zh "请在那里写 etcd: true"
    UnderlayLink
        en "give a link an address, or name the link that has one: underlay: LINK"
        zh "请给一条链路写上地址，或写明有地址的链路：underlay: LINK"
    NetworkOfAll
        en "write the network at the top of the file, beside hosts"
        zh "请把该网络写在文件的最外层，与 hosts 并列"
    Drops
        en "write icmp, too-big, fragments, udp [PORT], tcp [PORT], larger BYTES, from PREFIX or to PREFIX"
        zh "请写 icmp、too-big、fragments、udp [PORT]、tcp [PORT]、larger BYTES、from PREFIX 或 to PREFIX"
    DropElsewhere
        en "write it on the router or switch that the packets pass"
        zh "请写在数据包经过的路由器或交换机上"
    NetworkName en "say which: network: NAME" zh "请写明网络：network: NAME"
    Publish en "write it as 8080:80 or 8080:80/udp" zh "请写成 8080:80 或 8080:80/udp"
    Page en "write port and text: \"80:hello\"" zh "请写端口和文本：\"80:hello\""
    Sysctl en "it begins with net. and holds no \"..\"" zh "它以 net. 开头，且不含“..”"
    InstanceLink { machine: String, link: String }
        en "for instance {machine}.{link}"
        zh "例如 {machine}.{link}"
    InstanceAddress { address: IpNet } en "for instance {address}" zh "例如 {address}"
    ThereWrite { own: String } en "there, write to: {own}" zh "请在那里写 to: {own}"
    SwitchHas { subnets: Vec<IpNet> } en "it has {subnets}" zh "它的子网是 {subnets}"
    LinksHave { subnets: Vec<IpNet> } en "its links have {subnets}" zh "它的链路所在的子网：{subnets}"
}
