//! The help in Chinese: verb, argument (or [`super::ABOUT`], [`super::AFTER`]), text.

const TABLE: &[(&str, &str, &str)] = &[
    ("", "", "看得透的容器网络"),
    ("", "json", "以一个 JSON 文档作答"),
    ("", "lang", "用这种语言作答，而不按系统区域设置"),
    ("", "help", "显示帮助"),
    ("", "version", "显示版本"),
    ("network", "", "创建、查看和删除网络"),
    ("network create", "", "创建网络"),
    (
        "network create",
        "+",
        "示例：
  glassnet network create blue
  glassnet network create web --subnet 10.88.0.0/16 --subnet fd00:88::/64
  glassnet network create dmz --subnet 192.168.7.0/24 --gateway 192.168.7.254 --mtu 1400",
    ),
    ("network create", "name", "网络名称"),
    ("network create", "subnets", "子网，每个地址族至多一个；省略则自动选择空闲的 IPv4 子网"),
    ("network create", "gateways", "网关，每个子网至多一个；省略则取子网的第一个地址"),
    ("network create", "mtu", "最大包长（字节）；省略则跟随底层网络"),
    ("network create", "local", "在集群节点上：只属于本机的网络"),
    ("network create", "backend", "包如何到达其他主机：auto、direct 或 vxlan [默认：auto]"),
    ("network create", "vni", "VXLAN 网络标识，1 到 16777215；省略则自动选择"),
    ("network create", "vxlan_port", "VXLAN 的 UDP 端口 [默认：4789]"),
    ("network set", "", "在使用中更改集群的网络"),
    (
        "network set",
        "+",
        "示例：
  glassnet network set blue --backend vxlan",
    ),
    ("network set", "name", "网络的名称"),
    ("network set", "backend", "包如何到达其他主机：auto、direct 或 vxlan"),
    ("network create", "no_masquerade", "容器访问外部时保留自己的地址，不做地址伪装"),
    ("network create", "allow_spoofing", "允许容器使用不属于自己的源地址发包"),
    ("network ls", "", "列出网络"),
    ("network inspect", "", "查看一个网络及接入它的容器"),
    ("network inspect", "name", "网络名称"),
    ("network rm", "", "删除没有容器接入的网络"),
    ("network rm", "name", "网络名称"),
    ("attach", "", "把一个网络命名空间接入网络"),
    (
        "attach",
        "+",
        "示例：
  glassnet attach blue
  glassnet attach 4711 --network web --name web-1 --publish 8080:80
  glassnet attach /run/netns/blue --address 10.88.0.9 --ingress 100mbit",
    ),
    ("attach", "netns", "网络命名空间：/run/netns 下的名称、路径，或其中某个进程的进程号"),
    ("attach", "network", "要接入的网络；只有一个网络时可省略"),
    ("attach", "name", "接入时使用的容器标识；省略则由 NETNS 得出"),
    ("attach", "interface", "网络命名空间内的接口名"),
    ("attach", "addresses", "指定地址，每个地址族至多一个"),
    ("attach", "mac", "指定 MAC 地址"),
    ("attach", "publish", "发布端口：[HOSTADDR:]HOSTPORT[-END]:PORT[-END][/tcp|udp]"),
    ("attach", "ingress", "限制容器的接收速率，例如 100mbit"),
    ("attach", "egress", "限制容器的发送速率"),
    ("attach", "no_default_route", "不设置经由此网络的默认路由"),
    ("detach", "", "把容器从网络断开"),
    ("detach", "name", "容器标识，见 glassnet ls"),
    ("detach", "interface", "只断开这个接口；省略则断开全部"),
    ("ls", "", "列出已接入的容器"),
    ("ls", "network", "只列出某个网络的容器"),
    ("trace", "", "说明数据包会走到哪里、应答又走到哪里，以及原因"),
    (
        "trace",
        "+",
        "FROM 和 TO 是位置，写法与 glassnet capture 相同：
  web, pod:default/web   容器或 Pod：属于 glassnet、containerd、Docker、Podman 或实验环境
  netns:blue, /run/...   命名空间的名称或路径，或其中进程的编号
  host                   本机
TO 也可以是地址；集群中的另一个节点，或那里的位置：NODE 或 NODE/PLACE；也可以是主机名，按 FROM 的
方式查询：先查它的 /etc/hosts，再问它的域名服务器。

数据包去往集群中的另一个节点时，会通过存储询问那个节点的守护进程。

不会发送任何数据包。数据包和应答都能到达时退出码为 0；其中之一不能到达时为 1；无法判断时为 3，
例如它离开了所查看的范围，或遇到尚未建模的内容。使用 --if 时，退出码是更改之后那个数据包的。

更改的写法是 [in PLACE: ]VERB WHAT；不写位置时指本机：
  add|delete route, rule, address, neighbour, fdb   写法同 ip 和 bridge
  set link NAME up|down|mtu N|address MAC           delete link NAME
  set sysctl NAME=VALUE                             flush connections
  delete rule handle N                              nftables 或 iptables-nft 的规则
  flush chain|delete table [FAMILY] TABLE ...       set policy [FAMILY] TABLE CHAIN accept|drop

示例：
  glassnet trace web 10.88.0.9 --port 80
  glassnet trace pod:default/web db.default.svc.cluster.local --port 5432
  glassnet trace web beta/db --port 5432
  glassnet trace host 192.0.2.254 --layers
  glassnet trace web 192.0.2.254 --explain
  glassnet trace 192.0.2.254 192.0.2.1 --in eth0 --port 8080
  glassnet trace web db --port 5432 --state monday.json
  glassnet trace web db --port 5432 --if 'in db: delete rule handle 12'",
    ),
    ("trace", "from", "发送者：位置、某个位置的地址，或与 --in 一起使用的外部地址"),
    ("trace", "to", "发往哪里：地址、位置或主机名"),
    ("trace", "proto", "协议：tcp、udp 或 icmp；给出端口时默认为 tcp，否则为 icmp"),
    ("trace", "port", "目的端口"),
    ("trace", "from_port", "源端口；省略则由内核选择"),
    ("trace", "size", "包中数据的字节数"),
    ("trace", "ttl", "TTL 或跳数限制"),
    ("trace", "v4", "发往 IPv4 地址"),
    ("trace", "v6", "发往 IPv6 地址"),
    ("trace", "link", "数据包由本机或另一位置的这条链路进入"),
    ("trace", "one_way", "只看去程"),
    ("trace", "state", "查询快照，而不是本机（见 glassnet snapshot）"),
    ("trace", "changes", "以及作某项更改之后会怎样；更改只在内存中进行，可以给出多次"),
    ("trace", "predict", "只作预测；目前也不做别的"),
    ("trace", "explain", "说明每一步发生了什么，面向初次了解的人"),
    ("trace", "layers", "数据包每有变化，列出它的全部首部"),
    ("reach", "", "说明本机上谁能到达谁，以及为什么不能"),
    (
        "reach",
        "+",
        "每个位置用自己的一个地址与其他每个位置往返一次。彼此毫无差别的位置归为一类，两类之间用一个\
数据包代表所有的对。不发送任何数据包。

PLACE 是 glassnet trace 接受的名称，或一个模式：web、'pod:default/*'、'docker:*'、host。

退出码为 0 表示全部说明；使用 --diff 时，有变化则为 1。

示例：
  glassnet reach
  glassnet reach --from 'pod:shop/*' --to pod:shop/db --port 5432
  glassnet reach --port 80 --save monday.reach
  glassnet reach --port 80 --diff monday.reach",
    ),
    ("reach", "from", "只从这些位置出发：可多次给出"),
    ("reach", "to", "只到这些位置：可多次给出"),
    ("reach", "proto", "协议：tcp、udp 或 icmp；给出端口时默认 tcp，否则 icmp"),
    ("reach", "port", "目的端口"),
    ("reach", "v6", "使用 IPv6 地址而不是 IPv4 地址"),
    ("reach", "state", "查询快照，而不是本机（见 glassnet snapshot）"),
    ("reach", "save", "把结果保存到文件，供以后的 --diff 使用"),
    ("reach", "diff", "只说明与所保存结果相比的变化"),
    ("snapshot", "", "把所有网络命名空间的状态写入文件，供 glassnet trace --state 使用"),
    (
        "snapshot",
        "+",
        "文件包含本机的地址、路由、规则、套接字和名称，因此只有所有者可以读取。写好之后，读取其中的内容不再
需要 root。

使用 --mask 时，所列内容处处由同一个替代值代替：原来共享多长的前缀，之后仍共享多长；私有、链路本地及其他
特殊地址仍属同类。端口、设置和先后顺序不变；注释会去掉。无法如实替代的内容按未建模处理。文件中没有对照，
对照由 --words 写出。

示例：
  glassnet snapshot -o monday.json
  glassnet snapshot -o monday.json --mask addresses,names --words mine.json
  glassnet trace web db --port 5432 --state monday.json",
    ),
    ("snapshot", "output", "要写入的文件，格式为 JSON"),
    ("snapshot", "mask", "用替代值代替这些内容"),
    ("snapshot", "words", "把替代值的对照写入文件，以便日后查找"),
    ("capture", "", "显示经过的数据包：在容器、Pod、命名空间中，在链路上，或所有地方"),
    (
        "capture",
        "+",
        "WHERE 是以下之一，或用逗号分隔的多个；不写则列出全部位置：
  web, pod:default/web   容器或 Pod：属于 glassnet、containerd、Docker、Podman 或实验环境
  netns:blue, /run/...   命名空间的名称或路径，或其中进程的编号
  host, eth0             本机，或本机的一条链路
  eth0@web               某个位置中的一条链路

FILTER 的写法与 tcpdump 相同：host、net、port、portrange，可加 src 和 dst；ip、ip6、arp、tcp、
udp、icmp、icmp6、sctp，以及按编号指定的其他协议（ip proto 47）；ether host、ether proto；vlan；
less、greater、broadcast、multicast；比较（tcp[tcpflags] & tcp-syn != 0）；and、or、not 和括号。
容器的名称代表它的地址。

示例：
  glassnet capture web
  glassnet capture web tcp port 80 --conversations
  glassnet capture --everywhere icmp --for 10s
  glassnet capture eth0@web,host port 53 --write dns.pcapng
  glassnet capture web --write - | wireshark -k -i -
  glassnet capture --read dns.pcapng --layers udp port 53",
    ),
    ("capture", "words", "在哪里看，然后是看哪些包"),
    ("capture", "everywhere", "在本机的所有网络命名空间中"),
    ("capture", "read", "读取 pcap 或 pcapng 文件中的包（“-”为标准输入）"),
    ("capture", "write", "写入 pcapng 文件（“-”为标准输出），代替显示，或与显示同时进行"),
    ("capture", "layers", "每一层的字段及其字节"),
    ("capture", "conversations", "谁对谁说了什么；抓包结束时画出"),
    ("capture", "time", "经过这段时间后结束，例如 10s 或 500ms"),
    ("capture", "count", "看到这么多次后结束"),
    ("capture", "snap", "每个包至多保留这么多字节"),
    ("capture", "ring", "存放待处理包的内存"),
    ("capture", "file_size", "达到此大小时另起一个文件，例如 100MB"),
    ("capture", "files", "保留这么多个文件，最旧的会被删除"),
    ("capture", "wireshark", "在 Wireshark 中列出本机的位置：把本程序链接到它的 extcap 目录"),
    ("cidr", "", "说明一个地址及其前缀的含义，并列出计算过程"),
    (
        "cidr",
        "+",
        "示例：
  glassnet cidr 192.168.1.17/24
  glassnet cidr 10.0.0.0 255.255.252.0
  glassnet cidr 2001:db8::1/64",
    ),
    ("cidr", "prefixes", "地址和长度，或地址和掩码，掩码可以单独成一个词"),
    ("cidr contains", "", "说明一个前缀是否包含某个地址或另一个前缀；不包含时退出码为 1"),
    (
        "cidr contains",
        "+",
        "示例：
  glassnet cidr contains 10.0.0.0/22 10.0.3.255
  glassnet cidr contains 2001:db8::/32 2001:db8:7::/48",
    ),
    ("cidr contains", "whole", "前缀"),
    ("cidr contains", "part", "可能在其中的地址或前缀"),
    ("cidr overlaps", "", "说明哪些前缀重叠，或一个前缀在本机是否会冲突；有重叠时退出码为 1"),
    (
        "cidr overlaps",
        "+",
        "示例：
  glassnet cidr overlaps 10.0.0.0/22 10.0.2.0/24 192.168.0.0/16
  glassnet cidr overlaps 10.88.0.0/16

只给一个前缀时，与本机的路由、地址以及 glassnet 的网络比较。",
    ),
    ("cidr overlaps", "prefixes", "若干前缀，写法与 glassnet cidr 相同"),
    ("cidr split", "", "把一个前缀分成若干部分，恰好覆盖它"),
    (
        "cidr split",
        "+",
        "示例：
  glassnet cidr split 10.0.0.0/22 /24
  glassnet cidr split 10.0.0.0/22 --into 5

份数不是 2 的幂时，后面的部分是前面的一半大小。",
    ),
    ("cidr split", "prefix", "前缀"),
    ("cidr split", "length", "每个部分的长度，例如 /24"),
    ("cidr split", "into", "份数"),
    ("cidr split", "all", "全部输出，即使超过 65,536 行"),
    ("cidr summarize", "", "给出恰好覆盖这些前缀的最短列表"),
    (
        "cidr summarize",
        "+",
        "示例：
  glassnet cidr summarize 10.0.0.0/24 10.0.1.0/24 10.0.2.0/23
  glassnet cidr split 10.0.0.0/22 /26 | glassnet cidr summarize -",
    ),
    (
        "cidr summarize",
        "prefixes",
        "若干前缀，写法与 glassnet cidr 相同；- 表示从标准输入读取，每行一个",
    ),
    ("demo", "", "建立一个小实验环境，在其中取几个网页，并显示每次所走的路径"),
    ("status", "", "查看守护进程及各网络的状况"),
    ("node", "", "运行守护进程，由它管理本机的容器网络"),
    ("node", "run_dir", "套接字所在的目录"),
    ("node", "state_dir", "保存重启后仍需数据的目录"),
    ("node", "log_level", "记录此级别及以上的日志"),
    ("node", "log_format", "日志行的格式"),
    (
        "node",
        "accept_in_foreign_chains",
        "在其他程序会丢弃某网络数据包的链里，为该网络加入放行规则",
    ),
    ("node", "store", "通过此存储与其他主机共享网络，例如 etcd://10.0.0.1:2379"),
    ("node", "store_prefix", "集群在存储中的位置"),
    ("node", "store_ca", "签发存储证书的机构的证书（PEM）；给出后以 TLS 访问存储"),
    ("node", "store_cert", "本节点访问存储用的证书（PEM）"),
    ("node", "store_key", "该证书的私钥（PEM）"),
    ("node", "name", "本节点在集群中的名称；省略则用主机名"),
    ("node", "addresses", "其他节点访问本节点的地址，每个地址族最多一个；省略则用通往存储的地址"),
    ("node", "refuse_traces", "其他节点追踪数据包时，不告诉它们数据包在本节点的去向"),
    ("node forget", "", "收回一个永久离开的节点所持有的一切：它的地址块和名称"),
    ("node forget", "name", "节点的名称"),
    ("node reset", "", "从本机清除 glassnet 的一切，并恢复它改过的内核参数"),
    ("node reset", "yes", "不再询问"),
    ("lab", "", "创建和使用实验环境：在这一台计算机上运行多台主机"),
    ("lab up", "", "按文件创建实验环境"),
    ("lab up", "file", "实验文件（YAML）；其格式见 glassnet lab schema"),
    ("lab down", "", "拆除实验环境，未创建完成的也可以"),
    ("lab down", "name", "实验环境的名称"),
    ("lab ls", "", "列出实验环境及其机器"),
    ("lab exec", "", "在实验环境的机器上或其容器中运行命令"),
    (
        "lab exec",
        "+",
        "示例：
  glassnet lab exec alpha -- ip route
  glassnet lab exec two/alpha/web -- sh",
    ),
    ("lab exec", "place", "位置：[LAB/]HOST 或 [LAB/]HOST/CONTAINER；只有一个实验环境时可省略 LAB"),
    ("lab exec", "command", "命令及其参数，写在 -- 之后"),
    ("lab trace", "", "说明一个数据包在实验环境的所有机器之间会走到哪里，以及原因"),
    (
        "lab trace",
        "+",
        "示例：
  glassnet lab trace alpha/web 10.1.0.70 --port 80 --back
  glassnet lab trace two/outside 192.0.2.1",
    ),
    (
        "lab trace",
        "place",
        "发送者：[LAB/]HOST 或 [LAB/]HOST/CONTAINER；只有一个实验环境时可省略 LAB",
    ),
    ("lab trace", "to", "目的地址"),
    ("lab trace", "proto", "协议：tcp、udp 或 icmp；给出端口时默认为 tcp，否则为 icmp"),
    ("lab trace", "port", "目的端口"),
    ("lab trace", "from_port", "源端口；省略则由内核选择"),
    ("lab trace", "size", "包中数据的字节数"),
    ("lab trace", "ttl", "TTL 或跳数限制"),
    ("lab trace", "back", "数据包送达后，再说明应答所走的路径"),
    ("lab kill", "", "切断一台机器的电源：进程、命名空间和 /run 消失，/var 保留"),
    ("lab kill", "place", "机器；只有一个实验环境时可省略 LAB"),
    ("lab start", "", "启动一台被断电的机器，或一个已停止的服务"),
    ("lab start", "place", "机器；只有一个实验环境时可省略 LAB"),
    ("lab start", "service", "只启动运行中的机器上的这个服务"),
    ("lab start", "new_disk", "以空的 /var 启动机器"),
    ("lab cut", "", "切断一条链路"),
    ("lab cut", "place", "链路，例如 alpha.eth0；只有一个实验环境时可省略 LAB"),
    ("lab mend", "", "恢复被切断的链路"),
    ("lab mend", "place", "链路，例如 alpha.eth0；只有一个实验环境时可省略 LAB"),
    ("lab stop", "", "立即终止机器上的一个服务，如同崩溃"),
    ("lab stop", "place", "机器；只有一个实验环境时可省略 LAB"),
    ("lab stop", "service", "要终止的服务"),
    ("lab freeze", "", "冻结机器上的服务：连接保留，但不再应答"),
    ("lab freeze", "place", "机器；只有一个实验环境时可省略 LAB"),
    ("lab freeze", "service", "只冻结这个服务"),
    ("lab thaw", "", "让被冻结的服务继续运行"),
    ("lab thaw", "place", "机器；只有一个实验环境时可省略 LAB"),
    ("lab thaw", "service", "只恢复这个服务"),
    ("lab drop", "", "让实验环境的路由器或交换机悄悄丢弃数据包"),
    (
        "lab drop",
        "+",
        "可丢弃的内容：
  icmp             ICMP 和 ICMPv6，但 IPv6 离不开的除外
  too-big          仅限报告数据包过大的 ICMP 错误
  udp [PORT]       UDP，或仅发往此端口的；tcp 同理
  fragments        IP 分片
  larger BYTES     超过此字节数的 IP 包
  from PREFIX      源地址属于此前缀的包；to PREFIX 则按目的地址

示例：
  glassnet lab drop gate udp 4789
  glassnet lab drop two/gate larger 1400
  glassnet lab drop fabric to 192.0.2.1",
    ),
    ("lab drop", "place", "路由器或交换机；只有一个实验环境时可省略 LAB"),
    ("lab drop", "what", "要丢弃的内容"),
    ("lab pass", "", "让路由器或交换机不再丢弃某些数据包"),
    ("lab pass", "place", "路由器或交换机；只有一个实验环境时可省略 LAB"),
    ("lab pass", "what", "不再丢弃的内容，写法与丢弃时相同"),
    ("lab schema", "", "输出实验文件的 JSON Schema"),
    ("doctor", "", "检查本机上会破坏容器网络的问题；不做任何更改"),
    (
        "doctor",
        "+",
        "所有容器、pod 和网络命名空间都会检查，不论由谁创建。每个容器需要到达的目标（外部、网关、同一网络中的
其他容器）按 glassnet trace 的方式推演，不发送任何数据包；并核对各种表中的内容：邻居、转发表、隧道、连接。

PLACE 的写法与 glassnet capture 相同。不检查实验环境，除非指明其中的位置。

示例：
  glassnet doctor
  glassnet doctor pod:default/web
  glassnet doctor --state monday.json",
    ),
    ("doctor", "places", "只检查与这些位置相连的部分（经由网桥和 veth 对）"),
    ("doctor", "state", "检查快照，而不是本机（见 glassnet snapshot）"),
    ("explain", "", "解释错误码，或列出全部错误码"),
    ("explain", "code", "错误消息末尾方括号中的单词"),
    ("completions", "", "输出 shell 的命令补全脚本"),
    (
        "completions",
        "+",
        "示例：
  glassnet completions bash > /etc/bash_completion.d/glassnet",
    ),
    ("completions", "shell", "shell 的名称"),
    ("man", "", "输出手册页，或为每个动词写一页"),
    ("man", "directory", "把所有手册页写入这个目录"),
    ("help", "", "显示某个动词的帮助"),
    ("help", "verb", "动词，例如 network create"),
    ("version", "", "显示版本"),
];

pub(super) fn find(verb: &str, argument: &str) -> Option<&'static str> {
    let entry = TABLE.iter().find(|(v, a, _)| *v == verb && *a == argument);
    entry.map(|(_, _, text)| *text)
}

#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|(verb, argument, _)| (*verb, *argument))
}
