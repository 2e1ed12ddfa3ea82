//! A trace in words: what is asked, what was taken for what, and what to do about a packet that does not
//! arrive. The path itself is [`super::PathText`]'s.

use super::SystemFault;
use super::say::sentences;
use crate::cluster::NodeName;
use crate::net::{Family, LinkName, Mac, Transport};
use std::net::IpAddr;

sentences! {
    /// What is said around a path.
    enum TraceText;
    Asked { from: String, to: String, what: String }
        en "{from} to {to}, {what}"
        zh "{from} 到 {to}，{what}"
    FromOutside { address: IpAddr, link: String }
        en "{address}, in by {link}"
        zh "{address}（由 {link} 进入）"
    AtPort { transport: Transport, port: u16 }
        en "{transport} port {port}"
        zh "{transport} 端口 {port}"
    Echo en "ICMP echo" zh "ICMP 回显"
    After en "after" zh "更改之后"
    SameHops { count: usize }
        en "the first {count} hops are the same"
        zh "前 {count} 跳相同"
    NoChange { why: String }
        en "--if: {why}"
        zh "--if 不可行：{why}"
    AsItWas { host: String, time: String }
        en "as {host} was on {time}"
        zh "按 {host} 在 {time} 的状态"
    AsItWasMasked { host: String, time: String, masked: Vec<MaskedText> }
        en "as {host} was on {time}; {masked} stand there by others"
        zh "按 {host} 在 {time} 的状态；其中的{masked}已用替代值代替"
    /// A place was asked for, and it has this address only.
    HasIt { name: String, address: IpAddr }
        en "{name} is {address}"
        zh "{name} 的地址是 {address}"
    HasSeveral { name: String, address: IpAddr, others: Vec<IpAddr> }
        en "{name} is {address} here; it also has {others}"
        zh "{name} 在此取 {address}；它还有 {others}"
    HasNear { name: String, address: IpAddr, others: Vec<IpAddr> }
        en "{name} is {address} here, which the sender reaches without a gateway; it also has {others}"
        zh "{name} 在此取 {address}，发送者无需网关即可到达；它还有 {others}"
    ByHostsFile { name: String, address: IpAddr, of: String }
        en "{name} is {address}, by /etc/hosts of {of}"
        zh "{name} 的地址是 {address}，依据 {of} 的 /etc/hosts"
    ByServer { name: String, address: IpAddr, server: IpAddr, of: String }
        en "{name} is {address}, says {server}, the name server of {of}, asked from there"
        zh "{name} 的地址是 {address}，由 {of} 的域名服务器 {server} 给出（从那里询问）"
    FromPort { port: u16 }
        en "rules on the way look at the port it is sent from: {port} is taken, one that the kernel might choose"
        zh "途中的规则会检查源端口：这里取 {port}，即内核可能选择的一个端口"
    TakenPort { port: u16 }
        en "sent from port {port}, one that the kernel might choose"
        zh "源端口取 {port}，即内核可能选择的一个端口"
    Unsteady { place: String }
        en "the nftables rules of {place} kept changing while they were read: this may mix two of their states"
        zh "读取期间 {place} 的 nftables 规则一直在变化：以下结果可能混合了两种状态"
    // Other nodes of the cluster.
    OfNode { node: String, place: String } en "{node}: {place}" zh "{node}：{place}"
    AskedNode { node: String, trip: String, walk: String }
        en "asked {node} through the store: {trip} ms there and back, {walk} ms of it for reading and walking"
        zh "已通过存储询问 {node}：往返 {trip} 毫秒，其中读取和推算 {walk} 毫秒"
    AskedInVain { node: String, trip: String }
        en "asked {node} through the store, in vain: {trip} ms"
        zh "已通过存储询问 {node}，没有结果：{trip} 毫秒"
    RouterBetween { from: String, to: String }
        en "between {from} and {to} are routers that are no nodes: they were not looked at"
        zh "{from} 与 {to} 之间有不属于集群的路由器，未作查看"
    NotCarriedOn { why: String }
        en "other nodes were not asked: {why}"
        zh "未询问其他节点：{why}"
    NodeSays { why: Box<TraceRefusal> } en "{why}" zh "{why}"
    NotOnNode { node: NodeName, place: String }
        en "node {node} has no {place} with an address"
        zh "节点 {node} 上没有带地址的 {place}"
    ByNode { name: String, address: IpAddr, node: NodeName }
        en "{name} is {address}, says node {node}"
        zh "{name} 的地址是 {address}，由节点 {node} 给出"
    There en "there" zh "去程"
    Back en "back" zh "回程"
    /// What is carried, below all headers.
    Data { bytes: u32 } en "{bytes} bytes of data" zh "{bytes} 字节数据"
    NoFragments en "not to be cut" zh "不可分片"
    WhatToDo { text: String } en "what to do: {text}" zh "处理方法：{text}"
    NotSeen { part: PartText, place: String, why: String }
        en "not seen: {part} of {place}: {why}"
        zh "未能查看：{place} 的 {part}：{why}"

    // What is wrong with what was asked.
    NoAddress { name: String } en "{name} has no address" zh "{name} 没有地址"
    NoAddressOf { name: String, family: Family, others: Vec<IpAddr> }
        en "{name} has no {family} address; it has {others}"
        zh "{name} 没有 {family} 地址；它有 {others}"
    OtherFamily { address: IpAddr, family: Family }
        en "{address} is no {family} address"
        zh "{address} 不是 {family} 地址"
    NobodyHas { address: IpAddr }
        en "no place here has {address}; if it comes from outside, say by which link, with --in"
        zh "这里没有哪个位置的地址是 {address}；如果它来自外部，请用 --in 指明从哪条链路进入"
    Unreadable { part: PartText, place: String, why: String }
        en "the {part} of {place} cannot be read: {why}"
        zh "无法读取 {place} 的 {part}：{why}"
    NotResolved { name: String, of: String, why: Box<TraceText> }
        en "{name} is no place here, and {of} cannot tell its address: {why}"
        zh "{name} 不是这里的位置，{of} 也查不到它的地址：{why}"
    OutsideIsAddress { from: String }
        en "with --in, FROM is the address of somebody outside; \"{from}\" is none"
        zh "使用 --in 时，FROM 是外部某方的地址；“{from}”不是地址"
    NameInFile { name: String }
        en "{name} is no place in the snapshot, and host names are not looked up for one"
        zh "{name} 不是快照中的位置，而对快照不会解析主机名"

    // Why a name was not resolved.
    NotAName en "that is no host name" zh "这不是主机名"
    NoServers en "/etc/hosts does not have it, and /etc/resolv.conf names no server"
        zh "/etc/hosts 中没有它，/etc/resolv.conf 中也没有域名服务器"
    NoSuchName { server: IpAddr } en "{server} knows no such name" zh "{server} 不知道这个名称"
    NoneOfFamily { server: IpAddr, family: Family }
        en "{server} knows no {family} address of it"
        zh "{server} 不知道它的 {family} 地址"
    ServerSilent { server: IpAddr } en "{server} does not answer" zh "{server} 没有应答"
    ServerFailed { server: IpAddr, why: SystemFault }
        en "{server} cannot be asked: {why}"
        zh "无法询问 {server}：{why}"
    ServerRefused { server: IpAddr, code: u8 }
        en "{server} answers with error {code}"
        zh "{server} 以错误 {code} 作答"

    // Files of a machine's state.
    Written { count: usize, host: String, path: String }
        en "{path} has the {count} network namespaces of {host}"
        zh "{path} 中保存了 {host} 的 {count} 个网络命名空间"
    NotWritten { count: usize, part: PartText, place: String, why: String }
        en "{count} parts could not be read and are missing; the first: {part} of {place}: {why}"
        zh "有 {count} 个部分无法读取，文件中没有；第一个：{place} 的 {part}：{why}"
    StateNewer { path: String, version: String }
        en "{path} was written by glassnet {version}, which is newer than this one"
        zh "{path} 由 glassnet {version} 写入，比本程序更新"
    StateDamaged { path: String, why: String }
        en "{path} is no whole snapshot: {why}"
        zh "{path} 不是完整的快照：{why}"
}

sentences! {
    /// A part of a namespace.
    enum PartText;
    Links en "links" zh "链路"
    Addresses en "addresses" zh "地址"
    Rules en "routing policy rules" zh "路由策略规则"
    Routes en "routes" zh "路由"
    Neighbours en "neighbours" zh "邻居"
    Fdb en "forwarding database" zh "转发表"
    Traffic en "queues and filters" zh "队列和过滤器"
    Nft en "nftables rules" zh "nftables 规则"
    Legacy en "iptables-legacy rules" zh "iptables-legacy 规则"
    IpSets en "sets of ipset" zh "ipset 集合"
    Connections en "known connections" zh "已知连接"
    Sockets en "sockets" zh "套接字"
    Sysctls en "settings" zh "设置"
    Sysctl { path: String } en "setting {path}" zh "设置 {path}"
}

sentences! {
    /// What is masked in a file.
    enum MaskedText;
    Addresses en "addresses" zh "地址"
    Names en "names" zh "名称"
}

sentences! {
    /// What to do about a packet that does not arrive. A command may follow.
    enum Cure;
    AddRoute { place: String, destination: IpAddr }
        en "give {place} a route to {destination}, by a gateway that knows the way"
        zh "为 {place} 添加到 {destination} 的路由，网关须知道去路"
    DeleteRoute en "if the way is meant to be open, delete the route that refuses"
        zh "如果本应放行，请删除这条拒绝的路由"
    DeleteFibRule en "if the way is meant to be open, delete the rule that refuses"
        zh "如果本应放行，请删除这条拒绝的规则"
    BringUp { link: LinkName, place: String }
        en "bring {link} in {place} up"
        zh "启用 {place} 中的 {link}"
    NoCarrier { link: LinkName, place: String }
        en "{link} in {place} is up, and its other side is not: bring that up, or plug it in"
        zh "{place} 中的 {link} 已启用，但它的另一侧没有：请启用另一侧，或接上线缆"
    WhoHas { address: IpAddr, link: LinkName }
        en "see whether anybody answers for {address} on {link}: the address may be mistyped, or its owner away"
        zh "查看 {link} 上是否有谁应答 {address}：地址可能写错，或其所有者不在"
    Forward { place: String } en "let {place} forward packets" zh "让 {place} 转发数据包"
    DeleteRule en "if such packets are meant to pass, accept them in a rule before this one, or delete it"
        zh "如果本应放行，请在此规则之前加一条接受的规则，或删除此规则"
    FindRule en "if such packets are meant to pass, change the rule; the chain with its handles is shown by"
        zh "如果本应放行，请修改该规则；以下命令显示该链及其句柄"
    OwnRule en "glassnet's own rule: put both containers into one network, or publish the port"
        zh "这是 glassnet 自己的规则：请把两个容器放入同一网络，或发布该端口"
    OwnAddress
        en "glassnet lets a container send from its own addresses only, unless its network is created with --allow-spoofing"
        zh "glassnet 只允许容器使用自己的地址发送，除非创建网络时使用 --allow-spoofing"
    AcceptPolicy { chain: String }
        en "if such packets are meant to pass, accept them by a rule in chain {chain}, or by its policy"
        zh "如果本应放行，请在链 {chain} 中添加接受的规则，或更改其默认策略"
    Smaller { mtu: u32, link: LinkName }
        en "send at most {mtu} bytes at once, or let {link} take more, and what is behind it"
        zh "每次最多发送 {mtu} 字节，或提高 {link} 及其后各链路的上限"
    MoreHops en "send it with a larger TTL; if it still does not arrive, it goes in circles"
        zh "用更大的 TTL 发送；若仍不能到达，说明它在兜圈子"
    Listen { transport: Transport, port: u16, place: String }
        en "start a program in {place} that listens at {transport} port {port}; who listens there now is shown by"
        zh "在 {place} 中启动监听 {transport} 端口 {port} 的程序；以下命令显示目前的监听者"
    TunnelEntry { mac: Mac, link: LinkName }
        en "tell tunnel {link} which host {mac} is on"
        zh "告诉隧道 {link}，{mac} 在哪台主机上"
    TunnelSource { address: IpAddr, link: LinkName }
        en "give this host the address {address}, or make tunnel {link} anew with one that it has"
        zh "为本机添加地址 {address}，或用本机已有的地址重建隧道 {link}"
    TunnelEnd { vni: u32 }
        en "make an end of the tunnel there, with VNI {vni}"
        zh "在那里建立 VNI 为 {vni} 的隧道端点"
    TunnelMac { link: LinkName }
        en "both ends of tunnel {link} have one MAC address: give one of them another"
        zh "隧道 {link} 两端的 MAC 地址相同：请更换其中一端的地址"
    ForgetNeighbour { address: IpAddr, link: LinkName }
        en "the sender takes {address} on {link} to have a MAC address that nobody has: let it ask anew"
        zh "发送者记录的 {link} 上 {address} 的 MAC 地址并无人使用：请让它重新查询"
    ForgetConnection { address: IpAddr }
        en "the kernel remembers this connection from before the rules changed, and {address} is dead: let it forget"
        zh "内核记住的是规则改变之前的连接，而 {address} 已不存在：请让它忘掉"
    Tentative { address: IpAddr, place: String, link: LinkName }
        en "{link} in {place} has {address}, still tentative: duplicate address detection takes a second or two; nodad leaves it out"
        zh "{place} 中的 {link} 有 {address}，但仍是暂定的（tentative）：重复地址检测需要一两秒；用 nodad 可跳过"
    Duplicate { address: IpAddr, place: String, link: LinkName }
        en "{link} in {place} has {address} and does not use it: duplicate address detection found that another has it"
        zh "{place} 中的 {link} 有 {address}，但没有使用：重复地址检测发现别处已有该地址"
    NotTranslatedBack { from: IpAddr, place: String }
        en "the answer comes from {from}, which is not whom {place} asked: it crosses a bridge where netfilter is not asked, so nobody translates it back; let bridges ask"
        zh "应答来自 {from}，而不是 {place} 所询问的对象：它经过的网桥不调用 netfilter，因此没有谁把地址转换回来；请让网桥调用"
    DockerResolver
        en "the rule that leads 127.0.0.11 to Docker's resolver is missing in this container (its table nat was wiped?): start the container anew; its rules are shown by"
        zh "该容器中把 127.0.0.11 引向 Docker 解析器的规则不见了（nat 表被清空？）：请重新启动容器；以下命令显示它的规则"
    WrongMac en "the frame was sent to a MAC address that nobody here has: look at the sender's neighbours"
        zh "帧发往了这里无人使用的 MAC 地址：请查看发送者的邻居表"
    PortForwards { link: LinkName } en "let port {link} forward" zh "让端口 {link} 转发"
    HairpinOn { link: LinkName }
        en "let port {link} send back what came in by it"
        zh "允许端口 {link} 原路发回"
    NotIsolated { link: LinkName }
        en "if the two are meant to talk, let port {link} not be isolated"
        zh "如果双方本应互通，请取消端口 {link} 的隔离"
    RouteLocal { link: LinkName }
        en "127.0.0.0/8 stays on its host, unless {link} is told otherwise"
        zh "127.0.0.0/8 不会离开或进入主机，除非对 {link} 另作设置"
    OneAddressTwice { address: IpAddr }
        en "no packet can come from {address} here; perhaps two hosts have that address"
        zh "这里不可能收到来自 {address} 的数据包；可能有两台主机使用了该地址"
    LooseReverse { source: IpAddr, link: LinkName }
        en "give the host a route to {source} by {link}, or let it check the way back loosely"
        zh "为主机添加经 {link} 到 {source} 的路由，或放宽反向路径检查"
    AskOn { place: String }
        en "it goes on beyond {place}, where nobody looked: ask on that host, too"
        zh "它已从 {place} 离开，之后未作查看：请在对方主机上继续询问"
    OnNode { node: NodeName, cure: Box<Cure> } en "on {node}: {cure}" zh "在 {node} 上：{cure}"
    AskLater { node: NodeName }
        en "ask again after a moment, or on {node} itself"
        zh "请稍后再问，或在 {node} 上直接询问"
    SameVersion { node: NodeName }
        en "run the same version of glassnet on {node} and here"
        zh "请在 {node} 与本机运行相同版本的 glassnet"
    ReachStore en "see why this node's daemon does not reach the store"
        zh "请查看本节点的守护进程为何连不到存储"
    AskAgain { node: NodeName }
        en "see on {node} whether its daemon runs and reaches the store"
        zh "请在 {node} 上查看其守护进程是否运行、能否连到存储"
    LetAnswer { node: NodeName }
        en "start the daemon of {node} without --refuse-traces, or ask on {node} itself"
        zh "启动 {node} 的守护进程时不要使用 --refuse-traces，或在 {node} 上直接询问"
    AsRoot en "run it as root, to see what was not seen" zh "以 root 身份运行，以查看未能看到的部分"
}

sentences! {
    /// Why a node does not say where a packet goes from there.
    enum TraceRefusal;
    Silent { node: NodeName, seconds: u64 }
        en "node {node} did not answer within {seconds} s"
        zh "节点 {node} 在 {seconds} 秒内没有应答"
    NotAlive { node: NodeName }
        en "node {node} cannot be asked: its daemon does not run, or does not reach the store"
        zh "无法询问节点 {node}：其守护进程没有运行，或连不到存储"
    StoreAway { node: NodeName, why: String }
        en "node {node} cannot be asked, for the store is away: {why}"
        zh "无法询问节点 {node}，因为存储不可用：{why}"
    Off { node: NodeName }
        en "node {node} is told not to answer such questions (--refuse-traces)"
        zh "节点 {node} 已设置为不回答此类询问（--refuse-traces）"
    TooMany { node: NodeName, burst: u32, rate: u32 }
        en "node {node} is asked too often: it answers {burst} questions of a node at once, then {rate} each second"
        zh "对节点 {node} 的询问过于频繁：它对每个节点一次最多回答 {burst} 个问题，之后每秒 {rate} 个"
    Busy { node: NodeName }
        en "node {node} has more questions to answer than it takes at once"
        zh "节点 {node} 待回答的询问已满"
    Forgotten { node: NodeName, seconds: u64 }
        en "node {node} does not remember the packet any more: it does so for {seconds} s, and for a few packets"
        zh "节点 {node} 已不记得这个数据包：它只在 {seconds} 秒内记住少数几个"
    OtherFormat { node: NodeName, format: u32, knows: u32 }
        en "node {node} and this one run different versions of glassnet: one writes format {format}, the other reads {knows}"
        zh "节点 {node} 与本节点的 glassnet 版本不同：一方写入格式 {format}，另一方读取 {knows}"
    Odd { node: NodeName, why: String }
        en "what was asked of node {node}, or its answer, was not understood: {why}"
        zh "对节点 {node} 的询问或其应答无法理解：{why}"
    TooLarge { node: NodeName, most: usize }
        en "the answer of node {node} would be longer than {most} bytes"
        zh "节点 {node} 的应答会超过 {most} 字节"
    Failed { node: NodeName, why: String }
        en "node {node} cannot look at itself: {why}"
        zh "节点 {node} 无法查看自身：{why}"
}
