//! Capturing in words: what is captured, what was, and what is wrong with a filter.

use super::say::sentences;
use crate::filter::{Problem, Wanted};

sentences! {
    /// What a capture tells of itself.
    enum CaptureText;
    Begun { places: Vec<String> }
        en "capturing: {places}; Ctrl-C ends"
        zh "正在抓包：{places}；按 Ctrl-C 结束"
    BegunEverywhere { count: usize }
        en "capturing in all {count} network namespaces; Ctrl-C ends"
        zh "正在全部 {count} 个网络命名空间中抓包；按 Ctrl-C 结束"
    Ended { packets: u64, lost: u64 }
        en "{packets} packets captured, {lost} lost because the ring was full"
        zh "已抓取 {packets} 个包，因环形缓冲区已满丢失 {lost} 个"
    PlaceGone { place: String }
        en "{place} is gone; its capture ended"
        zh "{place} 已不存在；对它的抓包已结束"
    PlaceFailed { place: String, why: String }
        en "{place} cannot be captured: {why}"
        zh "无法对 {place} 抓包：{why}"
    LinkUnreadable { link: String, place: String }
        en "packets of {link} in {place} begin with a header that is not read here; they are kept as bytes"
        zh "{place} 中 {link} 的包以这里不解读的首部开头；按原始字节保留"
    FileCutOff { path: String, why: String }
        en "{path} ends in the midst of something: {why}; all before it was read"
        zh "{path} 在中途结束：{why}；此前的内容均已读取"
    ExtcapLinked { path: String }
        en "linked {path} to this program: Wireshark lists the containers when it next starts"
        zh "已将 {path} 链接到本程序：Wireshark 下次启动时会列出容器"
}

sentences! {
    /// What is said of packets and conversations.
    enum LadderText;
    Retransmission en "sent again" zh "重传"
    Gap { bytes: u32 } en "{bytes} bytes before it are missing" zh "之前缺少 {bytes} 字节"
    Established { took: String } en "the connection stands after {took}" zh "连接建立，用时 {took}"
    ZeroWindow en "takes no more for now" zh "暂不接收更多数据"
    KeepAlive en "are you still there?" zh "探测对方是否还在"
    Refused en "nobody listens there" zh "该端口无人监听"
    Reset en "cut off" zh "连接被中断"
    Data { bytes: u64 } en "{bytes} bytes" zh "{bytes} 字节"
    Segments { bytes: u64, packets: u64 }
        en "{bytes} bytes in {packets} packets"
        zh "{bytes} 字节，共 {packets} 个包"
    Totals { sent: u64, sent_bytes: u64, received: u64, received_bytes: u64 }
        en "client: {sent} packets, {sent_bytes} bytes; server: {received} packets, {received_bytes} bytes"
        zh "客户端：{sent} 个包，{sent_bytes} 字节；服务器：{received} 个包，{received_bytes} 字节"
    NoConversations en "no packet belonged to a conversation" zh "没有属于任何会话的包"
    ChecksumToCome en "checksum left to the network card" zh "校验和留待网卡计算"
    ChecksumWrong { wanted: String } en "wrong; right is {wanted}" zh "错误；正确值为 {wanted}"
    ChecksumRight en "right" zh "正确"
    CutTo { kept: usize, length: u32 } en "{kept} of {length} bytes kept" zh "保留 {length} 字节中的 {kept} 字节"
}

sentences! {
    /// Why a text is no filter.
    enum FilterFault;
    Sign { sign: String } en "no filter has the sign \"{sign}\"" zh "过滤器中没有符号“{sign}”"
    ExpectedPrimitive
        en "here something to look for is missing, such as tcp, port 80 or host 10.0.0.1"
        zh "这里缺少要查找的内容，例如 tcp、port 80 或 host 10.0.0.1"
    ExpectedAddress en "here an address or a name is expected" zh "这里应是地址或名称"
    ExpectedNetwork
        en "here a network is expected, such as 10.0.0.0/8"
        zh "这里应是网络，例如 10.0.0.0/8"
    ExpectedMask en "here a mask is expected, such as 255.255.0.0" zh "这里应是掩码，例如 255.255.0.0"
    ExpectedPort en "here a port is expected: 0 to 65535" zh "这里应是端口：0 到 65535"
    ExpectedPorts en "here ports are expected, such as 8000-8080" zh "这里应是端口范围，例如 8000-8080"
    ExpectedProtocol
        en "here an IP protocol is expected: a name such as tcp, or 0 to 255"
        zh "这里应是 IP 协议：tcp 之类的名称，或 0 到 255"
    ExpectedEtherType
        en "here an EtherType is expected: ip, ip6, arp, rarp, or a number above 1536"
        zh "这里应是以太网类型：ip、ip6、arp、rarp，或大于 1536 的数字"
    ExpectedMac
        en "here a MAC address is expected, such as 02:00:00:00:00:01"
        zh "这里应是 MAC 地址，例如 02:00:00:00:00:01"
    ExpectedNumber en "here a number is expected" zh "这里应是数字"
    ExpectedVlanId en "here a VLAN identifier is expected: 0 to 4095" zh "这里应是 VLAN 标识：0 到 4095"
    ExpectedSize en "so many bytes cannot be looked at: 1, 2 or 4" zh "不能一次查看这么多字节：只能是 1、2 或 4"
    ExpectedComparison
        en "here a comparison is expected: =, !=, <, >, <= or >="
        zh "这里应是比较：=、!=、<、>、<= 或 >="
    ExpectedBracket en "here \")\" is missing" zh "这里缺少“)”"
    ExpectedSquareBracket en "here \"]\" is missing" zh "这里缺少“]”"
    ExpectedEnd
        en "here and, or, or the end is expected"
        zh "这里应是 and、or 或结尾"
    Unknown { word: String }
        en "\"{word}\" is no keyword, no address, and nobody's name here"
        zh "“{word}”不是关键字，不是地址，也不是这里任何对象的名称"
    NotHere { word: String }
        en "\"{word}\" is understood by tcpdump, not here"
        zh "“{word}”是 tcpdump 支持的，但这里不支持"
    Mismatch { protocol: String, with: String }
        en "{protocol} does not go with {with}"
        zh "{protocol} 不能与 {with} 连用"
    HostBits { prefix: String, meant: String }
        en "{prefix} has bits set behind its prefix; the network is {meant}"
        zh "{prefix} 在前缀之外还有置位的比特；该网络是 {meant}"
    TooDeep en "the brackets are too deep" zh "括号嵌套过深"
    ShiftTooFar
        en "a number has 32 bits: it cannot be shifted by more than 31"
        zh "数字有 32 位：移位不能超过 31 位"
    DivisionByZero en "nothing can be divided by 0" zh "不能除以 0"
    TooLong
        en "the filter is longer than the 4,096 instructions that the kernel takes"
        zh "过滤器超过内核所接受的 4096 条指令"
}

impl From<&Problem> for FilterFault {
    fn from(problem: &Problem) -> Self {
        match problem {
            Problem::Sign(sign) => Self::Sign { sign: sign.to_string() },
            Problem::Unknown(word) => Self::Unknown { word: word.clone() },
            Problem::NotHere(word) => Self::NotHere { word: word.clone() },
            Problem::Mismatch { protocol, with } => {
                Self::Mismatch { protocol: protocol.clone(), with: with.clone() }
            }
            Problem::HostBits { prefix, meant } => {
                Self::HostBits { prefix: prefix.clone(), meant: meant.clone() }
            }
            Problem::TooDeep => Self::TooDeep,
            Problem::DivisionByZero => Self::DivisionByZero,
            Problem::ShiftTooFar => Self::ShiftTooFar,
            Problem::Expected(wanted) => match wanted {
                Wanted::Primitive => Self::ExpectedPrimitive,
                Wanted::Address => Self::ExpectedAddress,
                Wanted::Network => Self::ExpectedNetwork,
                Wanted::Mask => Self::ExpectedMask,
                Wanted::Port => Self::ExpectedPort,
                Wanted::Ports => Self::ExpectedPorts,
                Wanted::Protocol => Self::ExpectedProtocol,
                Wanted::EtherType => Self::ExpectedEtherType,
                Wanted::Mac => Self::ExpectedMac,
                Wanted::Number => Self::ExpectedNumber,
                Wanted::VlanId => Self::ExpectedVlanId,
                Wanted::Size => Self::ExpectedSize,
                Wanted::Comparison => Self::ExpectedComparison,
                Wanted::Bracket => Self::ExpectedBracket,
                Wanted::SquareBracket => Self::ExpectedSquareBracket,
                Wanted::End => Self::ExpectedEnd,
            },
        }
    }
}
