//! The sentences.

use crate::explain::say::sentences;
use crate::net::{IpNet, LinkName, Mac, Transport};
use std::net::IpAddr;

sentences! {
    /// A sentence or two about one hop.
    enum Lesson;

    // Routing.
    RouteVia { place: String, to: IpAddr, route: IpNet, gateway: IpAddr, link: LinkName }
        en "{place} looks for {to} in its routing table; of what fits, {route} is the longest prefix, and says: hand it to {gateway}, by {link}."
        zh "{place} 在路由表中查找 {to}；匹配的路由中前缀最长的是 {route}，它说：从 {link} 交给 {gateway}。"
    RouteNear { place: String, to: IpAddr, route: IpNet, link: LinkName }
        en "{place} looks for {to} in its routing table; {route} fits, and says that it is right on {link}, with no router between."
        zh "{place} 在路由表中查找 {to}；匹配的是 {route}，它说目的地就在 {link} 上，中间没有路由器。"
    RouteChosen { place: String, to: IpAddr, link: LinkName }
        en "{place} decides where {to} is: it is to leave by {link}."
        zh "{place} 判断 {to} 在哪里：应从 {link} 发出。"
    AGateway
        en "A gateway is a router in one's own network. The packet is still addressed to its destination; only the frame around it will be for the gateway."
        zh "网关就是本网络中的路由器。数据包的目的地址不变，只有包在外面的以太网帧是发给网关的。"
    ARoute
        en "A route says of a prefix (10.0.0.0/8 are all addresses that begin with 10) where its addresses are reached. When several fit, the longest prefix wins."
        zh "路由说明某个前缀（例如 10.0.0.0/8 是所有以 10 开头的地址）的地址从哪里到达。多条匹配时，前缀最长的优先。"
    ForHost { place: String, to: IpAddr }
        en "{to} is an address of {place} itself, so the packet goes up to its programs and not on."
        zh "{to} 是 {place} 自己的地址，所以数据包向上交给它的程序，不再转发。"

    // Who has that address?
    InCache { place: String, address: IpAddr, mac: Mac }
        en "{place} remembers that {address} has the MAC address {mac} (it is in its neighbour table), and puts that onto the frame."
        zh "{place} 记得 {address} 的 MAC 地址是 {mac}（在它的邻居表中），并把它写到帧上。"
    AskedForV4 { place: String, address: IpAddr, mac: Mac, by: String, link: LinkName }
        en "{place} does not know the MAC address of {address} yet. It asks everybody on {link}, \"who has {address}?\", and {by} answers: {mac}."
        zh "{place} 还不知道 {address} 的 MAC 地址。它在 {link} 上问所有人：“谁有 {address}？”，{by} 回答：{mac}。"
    AskedForV6 { place: String, address: IpAddr, mac: Mac, by: String, link: LinkName }
        en "{place} does not know the MAC address of {address} yet. It solicits it on {link}, and {by} advertises: {mac}."
        zh "{place} 还不知道 {address} 的 MAC 地址。它在 {link} 上发出邻居请求，{by} 通告：{mac}。"
    KnownByAsking { place: String, address: IpAddr, mac: Mac }
        en "{address} has asked {place} before and told its own MAC address, {mac}, so nobody needs to be asked."
        zh "{address} 之前询问过 {place}，并说明了自己的 MAC 地址 {mac}，所以无需再问。"
    Arp
        en "That is ARP: on Ethernet frames go to MAC addresses, so somebody has to say which one belongs to an IP address."
        zh "这就是 ARP：以太网上的帧发往 MAC 地址，所以要有谁来说明某个 IP 地址对应哪个 MAC。"
    NeighbourDiscovery
        en "That is neighbour discovery, which does for IPv6 what ARP does for IPv4: it finds the MAC address of an IP address."
        zh "这就是邻居发现，它在 IPv6 中的作用相当于 IPv4 的 ARP：查出 IP 地址对应的 MAC 地址。"
    ANeighbourTable
        en "Frames on Ethernet go to MAC addresses. What ARP or neighbour discovery has found out is remembered for a while; ip neigh shows it."
        zh "以太网上的帧发往 MAC 地址。ARP 或邻居发现查到的结果会保留一段时间，可用 ip neigh 查看。"

    // Links.
    OverVeth { link: LinkName, to: String }
        en "{link} is one end of a veth pair: what goes in there comes out at {to}."
        zh "{link} 是 veth 对的一端：从这里进去的，会从 {to} 出来。"
    AVeth
        en "A veth pair is a cable made of software. Its two ends may be in different network namespaces: that is how a container is plugged into its host."
        zh "veth 对是软件做的网线，两端可以在不同的网络命名空间里：容器就是这样接到主机上的。"
    OnTheWire { link: LinkName }
        en "It leaves by {link}; what is at the other end was not looked at."
        zh "它从 {link} 离开；另一端是什么没有查看。"
    IntoPort { link: LinkName, bridge: LinkName }
        en "{link} is a port of the bridge {bridge}, so the frame is handed to the bridge and nobody looks at its IP address here."
        zh "{link} 是网桥 {bridge} 的端口，所以帧交给网桥，这里不看它的 IP 地址。"
    ForUs { link: LinkName, mac: Mac }
        en "The frame is for {mac}, which is {link} itself, so it is taken."
        zh "帧是发给 {mac} 的，正是 {link} 自己，所以收下。"
    TakenIn { link: LinkName } en "{link} takes it in." zh "{link} 收下了它。"

    // Bridges.
    BridgeKnows { bridge: String, mac: Mac, port: LinkName }
        en "{bridge} has learned that {mac} is behind port {port}, and sends the frame there only."
        zh "{bridge} 已经学到 {mac} 在端口 {port} 后面，只把帧发往那里。"
    BridgeHeard { bridge: String, mac: Mac, port: LinkName }
        en "A moment ago {mac} was heard at port {port} (it asked, or answered), so {bridge} sends the frame there only."
        zh "刚才在端口 {port} 收到过来自 {mac} 的帧（它提出了询问或作了回答），所以 {bridge} 只把帧发往那里。"
    BridgeFloods { bridge: String, mac: Mac, links: Vec<LinkName> }
        en "{bridge} has not learned yet where {mac} is, so it sends the frame to every port: {links}. Whoever it is not for drops it."
        zh "{bridge} 还没有学到 {mac} 在哪里，于是发往所有端口：{links}。不是收件人的会把它丢掉。"
    BridgeUp { bridge: String }
        en "The frame is for {bridge} itself: a bridge is also the host's own plug in that network. So it goes up to the host, which may route it."
        zh "帧是发给 {bridge} 自己的：网桥同时也是主机在该网络中的接口。所以它向上交给主机，由主机路由。"
    ABridge
        en "A bridge is a switch made of software: it learns from the sender's address of each frame which MAC address is behind which port; bridge fdb shows what it knows."
        zh "网桥是软件做的交换机：它从每个帧的源地址学到哪个 MAC 在哪个端口后面；bridge fdb 显示它所知道的。"

    // Rules and translations.
    RulesPass { place: String, rule: String }
        en "Rules of {place} look at it here and let it pass: {rule}."
        zh "{place} 的规则在这里检查它并放行：{rule}。"
    RulesSilent { place: String }
        en "Rules of {place} look at it here, and none objects."
        zh "{place} 的规则在这里检查它，没有规则反对。"
    Prerouting
        en "Prerouting is where netfilter's rules see a packet before it is decided where it goes; so this is where a destination can still be changed."
        zh "prerouting（路由前）是决定去向之前 netfilter 规则看到数据包的地方，所以在这里还能改变目的地址。"
    Forwarding
        en "Forward is where rules see what this host passes on for others: firewalls between containers sit here."
        zh "forward（转发）是规则看到本机替别人转发的数据包的地方：容器之间的防火墙就在这里。"
    Incoming
        en "Input is where rules see what is for this host's own programs."
        zh "input（输入）是规则看到发给本机程序的数据包的地方。"
    Outgoing
        en "Output is where rules see what this host's own programs send."
        zh "output（输出）是规则看到本机程序发出的数据包的地方。"
    Postrouting
        en "Postrouting is where rules see a packet last, when it is known by which link it leaves; so this is where a source is changed."
        zh "postrouting（路由后）是规则最后看到数据包的地方，此时已知它从哪条链路离开，所以源地址在这里改变。"
    SourceChanged { place: String, from: String, to: String }
        en "{place} writes its own {to} over the source {from}: whoever gets the packet answers to {place}."
        zh "{place} 用自己的 {to} 覆盖源地址 {from}：收到数据包的一方会向 {place} 应答。"
    DestinationChanged { place: String, from: String, to: String }
        en "{place} changes the destination: what was for {from} is now for {to}."
        zh "{place} 改变了目的地址：原来发给 {from} 的，现在发给 {to}。"
    SourceRestored { place: String, from: String, to: String }
        en "{place} remembers the connection: on the way there it had changed the destination {to}, so now it writes {to} back over the source {from}. Who asked sees an answer from whom it asked."
        zh "{place} 记得这个连接：去程时它改变了目的地址 {to}，所以现在把源地址 {from} 改回 {to}。提问者看到的应答就来自它所问的地址。"
    DestinationRestored { place: String, from: String, to: String }
        en "{place} remembers the connection: on the way there it had changed the source {to}, so the answer, which is for {from}, is handed on to {to}."
        zh "{place} 记得这个连接：去程时它改变了源地址 {to}，所以发给 {from} 的应答转交给 {to}。"
    Masquerading
        en "That is source NAT (masquerading). Addresses of containers are known on their host only; outside, nobody could answer to them."
        zh "这就是源地址转换（SNAT，地址伪装）。容器的地址只有它的主机知道，外面的人无法向它应答。"
    DestinationNat
        en "That is destination NAT: published ports and service addresses work by it. The kernel remembers the connection (conntrack), so that the answer can be changed back."
        zh "这就是目的地址转换（DNAT）：发布的端口和服务地址都靠它。内核会记住这个连接（conntrack），以便把应答改回来。"

    // Tunnels.
    Wrapped { link: LinkName, vni: u32, remote: IpAddr }
        en "{link} is a VXLAN tunnel, network {vni}: the whole frame is put into a UDP packet for the host {remote}, where the tunnel's other end is."
        zh "{link} 是 VXLAN 隧道，网络号 {vni}：整个帧被装进发往主机 {remote} 的 UDP 包里，隧道的另一端就在那里。"
    Unwrapped { link: LinkName }
        en "{link} takes the frame out of the UDP packet: from here on it is as if it had come by a cable."
        zh "{link} 把帧从 UDP 包中取出：从这里起，就像它是从网线来的一样。"
    ATunnel
        en "A tunnel makes one network of two hosts' networks. The routers between see packets from host to host only, and know nothing of containers."
        zh "隧道把两台主机的网络连成一个。中间的路由器只看到主机到主机的包，不知道容器的存在。"

    // Ends.
    ToProcess { place: String, process: String }
        en "It has arrived: {process} in {place} waits for it."
        zh "到达：{place} 中的 {process} 正在等待它。"
    ToKernel { place: String }
        en "It has arrived: the kernel answers echo requests itself, and hands answers to whoever waits for them in {place}."
        zh "到达：回显请求由内核自己应答，应答则交给 {place} 中等待的一方。"
    WentOut { link: LinkName }
        en "Beyond {link}, other machines decide."
        zh "{link} 之外由其他机器决定。"
    NobodyKnowsTheWay { place: String, to: IpAddr }
        en "{place} has no route that {to} fits, not even a default route, so it does not know whom to hand it to. Programs see \"network is unreachable\"."
        zh "{place} 没有匹配 {to} 的路由，连默认路由也没有，所以不知道该交给谁。程序看到的是“network is unreachable”。"
    NobodyAnswered { address: IpAddr, link: LinkName }
        en "The question who has {address} stays without an answer on {link}, so there is no MAC address to send to. After some seconds programs see \"no route to host\"."
        zh "在 {link} 上问谁有 {address}，没有得到回答，所以没有可发往的 MAC 地址。几秒后程序看到“no route to host”。"
    IsNoRouter { place: String }
        en "The packet is for somebody else, and {place} may pass on packets only if it is told to be a router. It is not, so it drops it, and tells nobody."
        zh "数据包是发给别人的，而 {place} 只有被设为路由器才能转发。它没有，于是丢弃，也不告诉任何人。"
    RuleForbids { place: String }
        en "A firewall rule of {place} says no. The sender sees nothing and waits, unless the rule rejects, which tells it."
        zh "{place} 的一条防火墙规则不允许。发送者什么也看不到，只能等待；除非规则是 reject，那样会告知它。"
    DoesNotFit { size: u32, mtu: u32, link: LinkName }
        en "Each link takes packets up to a size, its MTU: {link} takes {mtu} bytes, and this one has {size}. So small packets pass, and large ones hang."
        zh "每条链路都有能承载的最大包长，即 MTU：{link} 是 {mtu} 字节，而这个包有 {size} 字节。所以小包能过，大包卡住。"
    NobodyListens { transport: Transport, port: u16 }
        en "It came to the right place, but no program there listens at {transport} port {port}. The sender is told: connection refused."
        zh "它到了正确的地方，但那里没有程序监听 {transport} 端口 {port}。发送者会得知：connection refused。"
    WentInCircles
        en "Each router takes one from the packet's TTL; at nothing it is dropped, so that what goes in circles does not go for ever."
        zh "每个路由器把数据包的 TTL 减一；减到零就丢弃，这样兜圈子的包不会永远转下去。"
    NotBySuchALink { source: IpAddr, link: LinkName }
        en "The host checks the sender (rp_filter): it would itself send to {source} by another link than {link}, so it takes the address for forged."
        zh "主机会检查发送者（rp_filter）：它自己发往 {source} 时不走 {link}，所以认为这个地址是伪造的。"
    NotBackByThePort { link: LinkName }
        en "A bridge does not send a frame back by the port {link} that it came by, unless that port is told to (hairpin)."
        zh "网桥不会把帧从它进来的端口 {link} 发回去，除非该端口开启了 hairpin。"
    LinkIsDown { link: LinkName }
        en "{link} is switched off, or its other end is; nothing passes."
        zh "{link} 或它的另一端处于关闭状态，什么都过不去。"
}
