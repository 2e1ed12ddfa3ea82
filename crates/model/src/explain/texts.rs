//! What commands say. One list, in the order people meet it; to add a sentence, add it here in both
//! languages and let the verb fill it.

use super::Language;
use crate::cluster::{NetworkName, NodeName, Publish};
use crate::net::{IpNet, LinkName};
use std::net::IpAddr;

macro_rules! texts {
    ($(
        $(#[$doc:meta])*
        $id:ident $({ $($field:ident: $type:ty),* $(,)? })?
            en $en:literal
            zh $zh:literal
    )*) => {
        /// A sentence, a word or a heading, in no language yet.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Text<'a> {
            $($(#[$doc])* $id $({ $($field: $type),* })?,)*
            /// What is the same in every language.
            Verbatim(&'a str),
        }

        impl Text<'_> {
            /// Each text's name with its wording, facts not filled in.
            pub const TEXTS: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($id), $en, $zh),)*];

            pub fn say(&self, language: Language) -> String {
                match language {
                    Language::En => match self {
                        $(Self::$id $({ $($field),* })? => format!($en),)*
                        Self::Verbatim(text) => (*text).to_owned(),
                    },
                    Language::Zh => match self {
                        $(Self::$id $({ $($field),* })? => format!($zh),)*
                        Self::Verbatim(text) => (*text).to_owned(),
                    },
                }
            }
        }
    };
}

texts! {
    // Headings of columns and names of fields.
    Name en "NAME" zh "名称"
    Subnet en "SUBNET" zh "子网"
    Gateway en "GATEWAY" zh "网关"
    Bridge en "BRIDGE" zh "网桥"
    Mtu en "MTU" zh "MTU"
    Place en "PLACE" zh "位置"
    Links en "LINKS" zh "链路"
    Masquerade en "MASQUERADE" zh "地址伪装"
    Spoofing en "SPOOFING" zh "源地址欺骗"
    Attachments en "ATTACHED" zh "接入数"
    Leases en "LEASED" zh "已租地址"
    Node en "NODE" zh "节点"
    Store en "STORE" zh "存储"
    Addresses en "ADDRESSES" zh "地址"
    By en "BY" zh "经由"
    RoundTrip en "ROUND TRIP" zh "往返时间"
    Proven en "PROVEN" zh "验证于"
    Holds en "HOLDS" zh "持有地址块"
    Backend en "BACKEND" zh "后端"
    Vni en "VNI" zh "VXLAN 网络标识"
    Container en "CONTAINER" zh "容器"
    Interface en "INTERFACE" zh "接口"
    Network en "NETWORK" zh "网络"
    Address en "ADDRESS" zh "地址"
    Published en "PUBLISHED" zh "发布端口"
    Ingress en "receives at most" zh "接收限速"
    Egress en "sends at most" zh "发送限速"
    State en "STATE" zh "状态"
    Version en "VERSION" zh "版本"
    Process en "PROCESS" zh "进程"
    Started en "STARTED" zh "启动时间"
    Queued en "DETACHES QUEUED" zh "排队的断开"
    Lab en "LAB" zh "实验环境"
    Machine en "MACHINE" zh "机器"
    Role en "ROLE" zh "角色"
    Containers en "CONTAINERS" zh "容器"
    Faults en "FAULTS" zh "故障"
    Code en "CODE" zh "错误码"
    Meaning en "MEANING" zh "含义"
    Mask en "MASK" zh "掩码"
    WildcardMask en "WILDCARD" zh "反掩码"
    BroadcastAddress en "BROADCAST" zh "广播地址"
    FirstHost en "FIRST HOST" zh "第一个主机"
    LastHost en "LAST HOST" zh "最后一个主机"
    AddressCount en "ADDRESSES" zh "地址数"
    HostCount en "FOR HOSTS" zh "主机可用"
    Kind en "KIND" zh "类型"
    OnTheInternet en "ON THE INTERNET" zh "公网可达"
    Class en "CLASS" zh "旧分类"
    And en "AND" zh "按位与"
    Group en "GROUP" zh "组"

    // Words in cells.
    Yes en "yes" zh "是"
    No en "no" zh "否"
    Refused en "refused" zh "禁止"
    Allowed en "allowed" zh "允许"
    FromUnderlay en "from the underlay" zh "跟随底层网络"
    On en "on" zh "运行"
    Off en "off" zh "关闭"
    Host en "host" zh "主机"
    Router en "router" zh "路由器"
    Making en "being made" zh "创建中"
    Up en "up" zh "运行中"
    Leaving en "being taken down" zh "拆除中"
    Damaged en "damaged" zh "已损坏"
    Attached en "attached" zh "已接入"
    Pending en "pending" zh "接入中"
    Detaching en "detaching" zh "断开中"

    // Networks.
    NoNetworks
        en "No network was created yet; create one with: glassnet network create NAME"
        zh "尚未创建网络；创建：glassnet network create NAME"
    NetworkCreated { name: &'a NetworkName, subnets: &'a str, bridge: &'a LinkName }
        en "Network {name} is there: {subnets}, bridge {bridge}"
        zh "网络 {name} 已就绪：{subnets}，网桥 {bridge}"
    NetworkRemoved { name: &'a NetworkName }
        en "Network {name} is removed"
        zh "网络 {name} 已删除"
    NobodyAttached
        en "No container is attached to it."
        zh "没有容器接入该网络。"

    // Attachments.
    NoAttachments
        en "No container is attached; attach one with: glassnet attach NETNS"
        zh "没有已接入的容器；接入：glassnet attach NETNS"
    ContainerAttached { id: &'a str, network: &'a NetworkName, addresses: &'a str }
        en "{id} is attached to network {network}: {addresses}"
        zh "{id} 已接入网络 {network}：{addresses}"
    PortsPublished { ports: &'a str }
        en "  published: {ports}"
        zh "  已发布端口：{ports}"
    Limit { limit: &'a str, rate: &'a str }
        en "  {limit}: {rate}"
        zh "  {limit}：{rate}"
    ContainerDetached { id: &'a str }
        en "{id} is detached"
        zh "{id} 已断开"
    NotAttached { name: &'a str }
        en "{name} was not attached; nothing to do"
        zh "{name} 并未接入，无需操作"

    // The daemon.
    StoreHere { store: &'a str, ago: &'a str }
        en "{store}, connected since {ago}"
        zh "{store}，{ago}起已连接"
    StoreNotHere { store: &'a str, ago: &'a str }
        en "{store}, away since {ago}"
        zh "{store}，{ago}起不可用"
    Alive en "alive" zh "在线"
    LastSeen { ago: &'a str } en "last seen {ago}" zh "最后在线：{ago}"
    NeverSeen en "not seen yet" zh "尚未出现"
    NotRouted en "nothing yet" zh "尚无"
    NoPeers
        en "No other node is in the cluster."
        zh "集群中没有其他节点。"
    NotDirect { network: &'a NetworkName, node: &'a NodeName, by: &'a str, why: &'a str }
        en "Network {network}: {node} is reached by {by}. {why}"
        zh "网络 {network}：经 {by} 到达 {node}。{why}"
    SecondsAgo { seconds: u64 }
        en "{seconds} s ago"
        zh "{seconds} 秒前"
    NoDrift
        en "The kernel is as it should be."
        zh "内核状态与应有状态一致。"
    Drift { count: usize }
        en "{count} differences between what is and what should be:"
        zh "现状与应有状态有 {count} 处差异："
    Warning { text: &'a str }
        en "warning: {text}"
        zh "警告：{text}"
    Ago { ago: &'a str }
        en "{ago} ago"
        zh "{ago}前"
    Duration { days: u64, hours: u64, minutes: u64 }
        en "{days} d {hours} h {minutes} min"
        zh "{days} 天 {hours} 小时 {minutes} 分"
    LessThanAMinute
        en "less than a minute"
        zh "不到一分钟"
    ResetAsk
        en "This disconnects every container and removes every network of glassnet on this host.\nGo on? [y/N] "
        zh "此操作会断开所有容器，并删除本机上 glassnet 的所有网络。\n是否继续？[y/N] "
    ResetDone { removed: usize }
        en "Nothing of glassnet is left on this host ({removed} steps)"
        zh "本机上已没有 glassnet 的任何配置（共 {removed} 步）"

    // Addresses and prefixes.
    ByConvention { gateway: &'a str }
        en "{gateway}, by convention"
        zh "{gateway}（惯例）"
    KindOfBlock { kind: &'a str, block: &'a IpNet, rfc: u16 }
        en "{kind}: {block} (RFC {rfc})"
        zh "{kind}：{block}（依据 RFC {rfc}）"
    KindAlone { kind: &'a str, rfc: u16 }
        en "{kind} (RFC {rfc})"
        zh "{kind}（依据 RFC {rfc}）"
    BlockOfKind { block: &'a IpNet, kind: &'a str }
        en "{block}, {kind}"
        zh "{block}（{kind}）"
    ClassOfLength { class: &'a str, length: u8 }
        en "{class}: until 1993 every network that begins so was a /{length}"
        zh "{class}：1993 年以前，这样开头的网络都是 /{length}"
    ClassD en "D: multicast" zh "D：组播"
    ClassE en "E: reserved" zh "E：保留"
    OneAddress
        en "This is one address by itself: no network address, no broadcast, no gateway."
        zh "这只是一个地址：没有网络地址、广播地址和网关。"
    TwoEnds
        en "Both addresses are for hosts: the two ends of a link (RFC 3021, in IPv6 RFC 6164)."
        zh "两个地址都可供主机使用：一条链路的两端（RFC 3021；IPv6 见 RFC 6164）。"
    IsBroadcast { address: IpAddr }
        en "{address} is the broadcast address: no host may have it."
        zh "{address} 是广播地址：主机不能使用。"
    GroupsNotHosts
        en "Multicast addresses name groups of receivers: no host has one as its own."
        zh "组播地址代表一组接收者：主机自身不使用这样的地址。"
    HoldsToo { network: &'a IpNet, kinds: &'a str }
        en "{network} has addresses of other kinds too: {kinds}."
        zh "{network} 还包含其他类型的地址：{kinds}。"
    AndMore { list: &'a str, count: usize }
        en "{list} and {count} more"
        zh "{list}，以及另外 {count} 项"
    IsIn { part: &'a str, whole: &'a IpNet, length: u8 }
        en "yes: {part} is in {whole}; the first {length} bits are the same"
        zh "是：{part} 在 {whole} 之内；前 {length} 位相同"
    IsTheSame { part: &'a str, whole: &'a IpNet }
        en "yes: {part} and {whole} are the same"
        zh "是：{part} 与 {whole} 相同"
    IsNotIn { part: &'a str, whole: &'a IpNet, bit: u8, first: IpAddr, last: IpAddr }
        en "no: {part} is not in {whole}, which goes from {first} to {last}; bit {bit} differs"
        zh "否：{part} 不在 {whole} 之内，后者从 {first} 到 {last}；第 {bit} 位不同"
    IsLarger { part: &'a str, whole: &'a IpNet }
        en "no: {part} is larger than {whole}, and contains it"
        zh "否：{part} 比 {whole} 大，反而包含它"
    IsOfOtherFamily { part: &'a str, whole: &'a IpNet }
        en "no: one of {part} and {whole} is IPv4, the other IPv6"
        zh "否：{part} 与 {whole} 一个是 IPv4，另一个是 IPv6"
    LiesIn { inner: &'a IpNet, outer: &'a IpNet }
        en "{inner} is inside {outer}"
        zh "{inner} 在 {outer} 之内"
    AreTheSame { prefix: &'a IpNet }
        en "{prefix} is there twice"
        zh "{prefix} 出现了两次"
    IsInUse { prefix: &'a IpNet }
        en "{prefix} itself is in use"
        zh "{prefix} 本身已被使用"
    NoneOverlap { count: usize }
        en "none of the {count} prefixes overlap"
        zh "这 {count} 个前缀互不重叠"
    Collides { how: &'a str, by: &'a str }
        en "{how}: {by}"
        zh "{how}：{by}"
    ByRoute { link: &'a LinkName }
        en "this host routes it by {link}"
        zh "本机有经由 {link} 的路由"
    ByRouteToNowhere
        en "this host has a route for it"
        zh "本机有它的路由"
    ByAddress { link: &'a LinkName }
        en "this host has an address in it on {link}"
        zh "本机的 {link} 上有其中的地址"
    ByNetwork { name: &'a NetworkName }
        en "it is the subnet of network {name}"
        zh "它是网络 {name} 的子网"
    PartRoutes en "this host's routes" zh "本机的路由"
    PartNetworks en "glassnet's networks" zh "glassnet 的网络"
    NotLookedAt { part: &'a str, why: &'a str }
        en "not looked at: {part}: {why}"
        zh "没有检查{part}：{why}"
    FreeHere { prefix: &'a IpNet }
        en "{prefix} is free: it overlaps no route or address of this host and no network of glassnet"
        zh "{prefix} 可用：与本机的路由、地址和 glassnet 的网络都不重叠"
    FreeAsFarAsSeen { prefix: &'a IpNet }
        en "{prefix} overlaps nothing of what was looked at"
        zh "{prefix} 与已检查的部分都不重叠"
    NotAPrefix { text: &'a str, why: &'a str }
        en "\"{text}\" is no address or prefix: {why}"
        zh "“{text}”不是地址或前缀：{why}"
    AtLine { line: usize, message: &'a str }
        en "line {line} of stdin: {message}"
        zh "标准输入第 {line} 行：{message}"
    SplitShorter { prefix: &'a IpNet, length: u8 }
        en "a /{length} is larger than {prefix} is"
        zh "/{length} 比 {prefix} 本身还大"
    SplitLonger { prefix: &'a IpNet, length: u8, most: u8 }
        en "{prefix} cannot be split into parts of /{length}: the longest is /{most}"
        zh "{prefix} 不能分成 /{length}：最长为 /{most}"
    SplitTooMany { prefix: &'a IpNet, parts: u128 }
        en "{prefix} has fewer than {parts} addresses"
        zh "{prefix} 的地址不足 {parts} 个"
    SplitNone { prefix: &'a IpNet }
        en "{prefix} cannot be split into no parts"
        zh "{prefix} 不能分成零份"
    LengthsOfParts { from: u8, to: u8 }
        en "choose a length from /{from} to /{to}"
        zh "请选择 /{from} 到 /{to} 的长度"
    NumbersOfParts { most: &'a str }
        en "choose a number of parts from 1 to {most}"
        zh "份数应为 1 到 {most}"
    TooManyLines { count: &'a str, most: u128 }
        en "these would be {count} lines, more than {most}"
        zh "这将输出 {count} 行，超过 {most} 行"
    AskForAll
        en "choose larger parts, or ask for all of them with --all"
        zh "请选择更大的部分，或用 --all 输出全部"
    LengthOrCount { number: u128 }
        en "write /{number} for the length of each part, or --into {number} for so many parts"
        zh "按长度划分请写 /{number}，按份数划分请写 --into {number}"
    NoLength
        en "it is no length; write one such as /24"
        zh "它不是长度；例如 /24"

    // Labs.
    NoLabs
        en "No lab is up; build one with: glassnet lab up FILE"
        zh "没有实验环境；创建：glassnet lab up FILE"
    LabUp { name: &'a str, machines: usize }
        en "Lab {name} is up: {machines} machines. Look in with: glassnet lab exec {name}/HOST -- sh"
        zh "实验环境 {name} 已就绪：{machines} 台机器。进入：glassnet lab exec {name}/HOST -- sh"
    LabDown { name: &'a str }
        en "Lab {name} is down; nothing of it is left"
        zh "实验环境 {name} 已拆除，没有残留"
    MachineKilled { name: &'a str }
        en "{name} has lost its power"
        zh "{name} 已断电"
    MachineStarted { name: &'a str }
        en "{name} runs"
        zh "{name} 已启动"
    LinkCut { name: &'a str }
        en "Link {name} is cut"
        zh "链路 {name} 已切断"
    LinkMended { name: &'a str }
        en "Link {name} is mended"
        zh "链路 {name} 已恢复"
    ServiceStopped { name: &'a str, service: &'a str }
        en "{service} on {name} has ended"
        zh "{name} 上的 {service} 已停止"
    ServiceRestsAlready { name: &'a str, service: &'a str }
        en "{service} on {name} was not running; nothing to do"
        zh "{name} 上的 {service} 没有运行，无需操作"
    ServiceStarted { name: &'a str, service: &'a str }
        en "{service} on {name} runs"
        zh "{name} 上的 {service} 已启动"
    ServiceRunsAlready { name: &'a str, service: &'a str }
        en "{service} on {name} was running already; nothing to do"
        zh "{name} 上的 {service} 已在运行，无需操作"
    ServicesFrozen { name: &'a str, services: &'a str }
        en "Frozen on {name}: {services}"
        zh "{name} 上已冻结：{services}"
    ServicesThawed { name: &'a str, services: &'a str }
        en "Running on {name}: {services}"
        zh "{name} 上恢复运行：{services}"
    NoServiceRuns { name: &'a str }
        en "No service runs on {name}; nothing to do"
        zh "{name} 上没有运行中的服务，无需操作"
    Dropping { name: &'a str, what: &'a str }
        en "{name} drops {what}"
        zh "{name} 开始丢弃：{what}"
    Passing { name: &'a str, what: &'a str }
        en "{name} passes {what}"
        zh "{name} 不再丢弃：{what}"
    PassingAlready { name: &'a str, what: &'a str }
        en "{name} did not drop {what}; nothing to do"
        zh "{name} 并没有丢弃 {what}，无需操作"
    FaultCut { link: &'a str } en "{link} cut" zh "{link} 已切断"
    FaultDrops { what: &'a str } en "drops {what}" zh "丢弃 {what}"
    FaultFrozen { service: &'a str } en "{service} frozen" zh "{service} 已冻结"
    FaultStopped { service: &'a str } en "{service} stopped" zh "{service} 已停止"
    Progress { step: &'a str, done: usize, total: usize, what: &'a str }
        en "{step} {done}/{total} {what}"
        zh "{step} {done}/{total} {what}"
    StepMachines en "machines" zh "机器"
    StepLinks en "links" zh "链路"
    StepServices en "services" zh "服务"
    StepNetworks en "networks" zh "网络"
    StepContainers en "containers" zh "容器"
    StepEnding en "ending" zh "结束进程"

    // The demo.
    DemoAcrossHosts
        en "container to container on another host"
        zh "容器到另一台主机上的容器"
    DemoOut en "container to the outside" zh "容器到外部"
    DemoIn en "the outside to a published port" zh "外部到已发布的端口"
    DemoAcross
        en "one network to another: not allowed"
        zh "一个网络到另一个网络：不允许"
    DemoNoAnswer en "no answer" zh "没有应答"
    DemoNoLab en "the lab did not come up" zh "实验环境未能启动"
    DemoEnd { name: &'a str }
        en "Look further with: glassnet lab exec {name}/alpha -- glassnet status. Take it down with: glassnet lab down {name}"
        zh "继续查看：glassnet lab exec {name}/alpha -- glassnet status。拆除：glassnet lab down {name}"

    // The doctor.
    AllWell { checks: usize }
        en "{checks} checks: nothing wrong was found"
        zh "共 {checks} 项检查：未发现问题"
    Evidence { text: &'a str }
        en "  seen: {text}"
        zh "  依据：{text}"
    Advice { text: &'a str }
        en "  try:  {text}"
        zh "  建议：{text}"

    // Errors.
    Error en "error" zh "错误"
    Try { text: &'a str }
        en "  try: {text}"
        zh "  建议：{text}"
    CodeMeaning { name: &'a str, title: &'a str }
        en "{name}: {title}"
        zh "{name}：{title}"
    WithReason { title: &'a str, reason: &'a str }
        en "{title}: {reason}"
        zh "{title}：{reason}"
    NoDaemon { socket: &'a str }
        en "no daemon listens at {socket}"
        zh "没有守护进程在监听 {socket}"
    NoPermission { path: &'a str, user: u32 }
        en "user {user} may not open {path}"
        zh "用户 {user} 无权打开 {path}"
    NoAnswer { asked: &'a str, socket: &'a str, seconds: u64 }
        en "the daemon at {socket} did not answer {asked} within {seconds} s"
        zh "{socket} 上的守护进程在 {seconds} 秒内没有应答 {asked}"
    BadAnswer { asked: &'a str, socket: &'a str, why: &'a str }
        en "the answer of {socket} to {asked} was not understood: {why}"
        zh "{socket} 对 {asked} 的应答无法理解：{why}"
    ConnectionFailed { socket: &'a str, why: &'a str }
        en "the connection to {socket} failed: {why}"
        zh "与 {socket} 的连接失败：{why}"
    NoNetworkToChoose
        en "no network was named, and this host has none"
        zh "没有指定网络，而本机还没有网络"
    WhichNetwork { names: &'a str }
        en "no network was named, and this host has several: {names}"
        zh "没有指定网络，而本机有多个：{names}"
    NoLabToChoose
        en "no lab was named, and none is up"
        zh "没有指定实验环境，而当前没有实验环境"
    WhichLab { names: &'a str }
        en "no lab was named, and several are up: {names}"
        zh "没有指定实验环境，而当前有多个：{names}"
    NoSuchCode { name: &'a str }
        en "there is no error code \"{name}\""
        zh "没有错误码“{name}”"
    NoSuchVerb { name: &'a str }
        en "there is no verb \"{name}\""
        zh "没有动词“{name}”"
    NotConfirmed
        en "not confirmed; nothing was done"
        zh "未得到确认，没有执行任何操作"
    FileFailed { path: &'a str, why: &'a str }
        en "{path}: {why}"
        zh "{path}：{why}"
    Bug { place: &'a str, what: &'a str }
        en "glassnet met what should not be, at {place}: {what}"
        zh "glassnet 在 {place} 遇到了不应出现的情况：{what}"

    // Network namespaces that were named.
    NetnsEmpty
        en "a network namespace is a name, a path or a process id, not nothing"
        zh "网络命名空间应为名称、路径或进程号，不能为空"
    NetnsName { name: &'a str }
        en "\"{name}\" cannot name a network namespace; for a path, begin with '/' or './'"
        zh "“{name}”不能用作网络命名空间的名称；如果是路径，请以“/”或“./”开头"
    NetnsPid { text: &'a str }
        en "\"{text}\" is no process id: 1 to 4194304"
        zh "“{text}”不是进程号：应为 1 到 4194304"
    NetnsMissing { path: &'a str }
        en "there is no network namespace {path}"
        zh "没有网络命名空间 {path}"
    NetnsOther { path: &'a str }
        en "{path} is no network namespace"
        zh "{path} 不是网络命名空间"
    NetnsNoId { text: &'a str }
        en "\"{text}\" gives no container id; give one with --name"
        zh "从“{text}”得不出容器标识；请用 --name 指定"

    // Ports to be published.
    PublishShape { text: &'a str }
        en "\"{text}\" is not [HOSTADDR:]HOSTPORT[-END]:PORT[-END][/tcp|udp]; for instance 8080:80, 127.0.0.1:8080:80/tcp, [::1]:53:53/udp or 9000-9010:9000-9010"
        zh "“{text}”不是 [HOSTADDR:]HOSTPORT[-END]:PORT[-END][/tcp|udp]；例如 8080:80、127.0.0.1:8080:80/tcp、[::1]:53:53/udp 或 9000-9010:9000-9010"
    PublishTransport { text: &'a str }
        en "\"{text}\" is not a protocol that ports can be published for; use tcp or udp"
        zh "“{text}”不是可以发布端口的协议；请用 tcp 或 udp"
    PublishPort { text: &'a str }
        en "\"{text}\" is not a port: 1 to 65535"
        zh "“{text}”不是端口：应为 1 到 65535"
    PublishAddress { text: &'a str }
        en "\"{text}\" is not an address of this host; write an IPv6 address in brackets: [::1]"
        zh "“{text}”不是主机地址；IPv6 地址请写在方括号中：[::1]"
    PublishUnspecified { address: IpAddr }
        en "{address} would be every address of the host; leave it out to mean that"
        zh "{address} 表示主机的所有地址；要表达这个意思请省略地址"
    PublishBackwards { first: u16, last: u16 }
        en "the range {first}-{last} runs backwards"
        zh "端口范围 {first}-{last} 的起止颠倒了"
    PublishLengths { host: usize, container: usize }
        en "{host} ports of the host cannot lead to {container} of the container"
        zh "主机的 {host} 个端口无法对应容器的 {container} 个端口"
    PublishTooMany { count: usize, most: usize }
        en "{count} ports are more than one attachment may publish ({most})"
        zh "{count} 个端口超出了一个接入可发布的上限（{most} 个）"
    PublishTwice { publish: &'a Publish }
        en "the host's port of {publish} is asked for twice"
        zh "{publish} 的主机端口被指定了两次"
    AddressTwice { one: IpAddr, two: IpAddr }
        en "{one} and {two} are of one family; an attachment takes one address of each"
        zh "{one} 与 {two} 属于同一地址族；一个接入每个地址族只能有一个地址"

    // Names and addresses that were typed.
    InvalidName { what: &'a str, name: &'a str, why: &'a str, max: usize }
        en "{what} \"{name}\" is not valid: {why}; use 1 to {max} letters, digits, '_', '.' and '-', starting with a letter or digit"
        zh "{what}“{name}”无效：{why}；请用 1 到 {max} 个字母、数字、“_”、“.”和“-”，以字母或数字开头"
    InvalidLinkName { name: &'a str, why: &'a str }
        en "\"{name}\" cannot name an interface: {why}"
        zh "“{name}”不能用作接口名称：{why}"
    NoMac
        en "write six pairs of hex digits, such as 02:00:5e:00:53:01"
        zh "请写六对十六进制数字，例如 02:00:5e:00:53:01"
    NoAddress
        en "it is no IP address; write one such as 10.88.0.9 or fd00:88::9"
        zh "它不是 IP 地址；例如 10.88.0.9 或 fd00:88::9"
    NoSubnet
        en "it is no subnet; write one such as 10.88.0.0/16 or fd00:88::/64"
        zh "它不是子网；例如 10.88.0.0/16 或 fd00:88::/64"
    OutOfRange { range: &'a str }
        en "it is not in {range}"
        zh "它不在 {range} 之内"
    NoNumber
        en "it is no number in range"
        zh "它不是范围内的数字"
    NetworkBackend { name: &'a NetworkName, backend: &'a str }
        en "Network {name}: packets to other hosts go by backend {backend}"
        zh "网络 {name}：发往其他主机的包使用后端 {backend}"
    NodeForgotten { name: &'a NodeName }
        en "Node {name} is forgotten; its blocks of addresses are free"
        zh "已遗忘节点 {name}；它的地址块已释放"
    NetworkThere { name: &'a NetworkName, subnets: &'a str, bridge: &'a LinkName }
        en "Network {name} was there already: {subnets}, bridge {bridge}"
        zh "网络 {name} 早已存在：{subnets}，网桥 {bridge}"
    NetworkNotThere { name: &'a NetworkName }
        en "There was no network {name}; nothing to do"
        zh "没有网络 {name}，无需操作"
    LabNotThere { name: &'a str }
        en "There was no lab {name}; nothing to do"
        zh "没有实验环境 {name}，无需操作"
    MachineRuns { name: &'a str }
        en "{name} was running already; nothing to do"
        zh "{name} 已在运行，无需操作"

    // Rates.
    RateShape { text: &'a str }
        en "\"{text}\" is not a rate; write bits a second, such as 100mbit, 1.5gbit or 800kbit"
        zh "“{text}”不是速率；请写每秒比特数，例如 100mbit、1.5gbit 或 800kbit"
    RateRange { text: &'a str }
        en "\"{text}\" is out of range: 8kbit to 1000gbit"
        zh "“{text}”超出范围：应为 8kbit 到 1000gbit"

    // What the command line's grammar finds wrong.
    UnknownArgument { text: &'a str }
        en "unexpected argument \"{text}\""
        zh "未知参数“{text}”"
    UnknownVerb { text: &'a str }
        en "there is no verb \"{text}\""
        zh "没有动词“{text}”"
    MissingArgument { text: &'a str }
        en "these are missing: {text}"
        zh "缺少参数：{text}"
    MissingVerb { verbs: &'a str }
        en "a verb is missing; it may be: {verbs}"
        zh "缺少动词；可用的有：{verbs}"
    MissingValue { argument: &'a str }
        en "{argument} wants a value"
        zh "{argument} 需要一个值"
    InvalidValue { argument: &'a str, value: &'a str, reason: &'a str }
        en "\"{value}\" cannot be {argument}: {reason}"
        zh "“{value}”不能用作 {argument}：{reason}"
    InvalidChoice { argument: &'a str, value: &'a str, choices: &'a str }
        en "\"{value}\" cannot be {argument}; it may be: {choices}"
        zh "“{value}”不能用作 {argument}；可选值：{choices}"
    Conflict { argument: &'a str, with: &'a str }
        en "{argument} cannot be used with {with}"
        zh "{argument} 不能与 {with} 同时使用"
    TooOften { argument: &'a str }
        en "{argument} may be given once only"
        zh "{argument} 只能给出一次"
    DidYouMean { text: &'a str }
        en "did you mean \"{text}\"?"
        zh "您是否想输入“{text}”？"
    MoreHelp { command: &'a str }
        en "read: {command} --help"
        zh "查看帮助：{command} --help"
    NotATime { text: &'a str }
        en "\"{text}\" is not a time; write 500ms, 10s, 2m or 1h"
        zh "“{text}”不是时间；请写 500ms、10s、2m 或 1h"
    NotASize { text: &'a str }
        en "\"{text}\" is not a size; write 64KiB or more, such as 100MB or 64MiB"
        zh "“{text}”不是大小；请写不小于 64KiB 的值，例如 100MB 或 64MiB"
    NoSuchPlace { name: &'a str }
        en "nobody here is called \"{name}\""
        zh "这里没有叫“{name}”的对象"
    UnclearPlace { name: &'a str, any: &'a str }
        en "\"{name}\" may be any of these: {any}"
        zh "“{name}”可能是其中任何一个：{any}"
    NoSuchLink { link: &'a str, place: &'a str }
        en "{place} has no link \"{link}\""
        zh "{place} 没有链路“{link}”"
    OneOf { names: &'a str }
        en "one of these: {names}"
        zh "以下之一：{names}"
    NotACapture { path: &'a str, why: &'a str }
        en "{path} holds no packets that can be read: {why}"
        zh "{path} 中没有可读取的包：{why}"
    StdoutTwice
        en "packets cannot be written to stdout and shown there too"
        zh "不能既把包写到标准输出，又在那里显示"
}
