//! What the command line finds by itself, before the daemon is asked or when it cannot be.

use super::{ErrorCode, code};

pub(super) const CODES: &[ErrorCode] = &[
    code(
        "usage",
        [
            "the command line is not understood",
            "A verb, an option or a value is not one that glassnet knows. Nothing was done. The exit code is 2.",
            "Read the help of the verb: glassnet VERB --help.",
        ],
        [
            "看不懂这条命令",
            "某个动词、选项或值不是 glassnet 认识的。没有执行任何操作。退出码为 2。",
            "查看该动词的帮助：glassnet VERB --help。",
        ],
    ),
    code(
        "not-a-prefix",
        [
            "the text is no address or prefix",
            "A prefix is an address and how many of its first bits name the network: 192.168.1.17/24 or 2001:db8::1/64. In IPv4 a mask may stand for the length: 10.0.0.0/255.255.252.0, or 10.0.0.0 255.255.252.0. An address alone means that one. Nothing was done. The exit code is 2.",
            "Look at the place that is marked; glassnet cidr --help has examples.",
        ],
        [
            "这段文字不是地址或前缀",
            "前缀由地址和网络部分的位数组成：192.168.1.17/24 或 2001:db8::1/64。IPv4 中可以用掩码代替长度：10.0.0.0/255.255.252.0 或 10.0.0.0 255.255.252.0。只写地址则表示这一个地址。没有执行任何操作。退出码为 2。",
            "查看所标出的位置；glassnet cidr --help 中有示例。",
        ],
    ),
    code(
        "no-place",
        [
            "there is no such place, or the name is not clear",
            "A place is a network namespace or a link in one: a container, a pod, a lab's machine, a named namespace, this host. Namespaces are found by the processes in them and by the paths they are bound to; names are read from glassnet's daemon, containerd, Docker, Podman, labs and /run/netns. Seeing those of other users takes root's rights.",
            "Write one of the names that the message lists, with its kind if several have it: pod:default/web. A link is LINK@NAME; a link of this host needs its own name only.",
        ],
        [
            "没有这样的位置，或名称不明确",
            "位置是一个网络命名空间或其中的链路：容器、Pod、实验环境的机器、具名命名空间或本机。命名空间通过其中的进程和绑定的路径找到；名称取自 glassnet 守护进程、containerd、Docker、Podman、实验环境和 /run/netns。查看其他用户的命名空间需要 root 权限。",
            "使用消息中列出的名称；重名时加上种类：pod:default/web。链路写作 LINK@NAME；本机的链路只写它的名称。",
        ],
    ),
    code(
        "not-a-filter",
        [
            "the filter is not understood",
            "Filters are written as for tcpdump (pcap-filter(7)). Understood are: host, net, port and portrange with src and dst, also of ip, ip6, arp, tcp, udp, sctp; ether host and ether proto; protocols by name and by number; vlan; less, greater, broadcast, multicast; comparisons such as tcp[tcpflags] & tcp-syn != 0; and, or, not and brackets. A name of a container means its addresses. Nothing was captured. The exit code is 2.",
            "Look at the place that is marked; glassnet capture --help has examples.",
        ],
        [
            "看不懂这个过滤器",
            "过滤器的写法与 tcpdump 相同（pcap-filter(7)）。支持：host、net、port、portrange，可加 src 和 dst，也可限定 ip、ip6、arp、tcp、udp、sctp；ether host 和 ether proto；按名称或编号指定的协议；vlan；less、greater、broadcast、multicast；比较，例如 tcp[tcpflags] & tcp-syn != 0；and、or、not 和括号。容器的名称代表它的地址。没有抓取任何包。退出码为 2。",
            "查看所标出的位置；glassnet capture --help 中有示例。",
        ],
    ),
    code(
        "not-a-capture",
        [
            "the file holds no packets that can be read",
            "Read are pcap and pcapng files, of links with Ethernet headers or with bare IP packets.",
            "Look at what it is with: file FILE. capinfos and Wireshark know more formats and can convert them.",
        ],
        [
            "文件中没有可读取的包",
            "可读取 pcap 和 pcapng 文件，链路首部须为以太网或裸 IP。",
            "用 file FILE 查看它是什么。capinfos 和 Wireshark 认识更多格式，并能转换。",
        ],
    ),
    code(
        "no-address",
        [
            "it is not clear to which address the packet is sent",
            "TO is an address, a place that has one (a container, a pod, a namespace, this host), or a host name. A host name is looked up as the sender would: in its /etc/hosts, then with the servers of its /etc/resolv.conf, asked from within its network. With -4 or -6, addresses of that family only count.",
            "Write the address itself, or look at what the place has with: ip addr.",
        ],
        [
            "不清楚数据包发往哪个地址",
            "TO 可以是地址、拥有地址的位置（容器、Pod、命名空间、本机）或主机名。主机名按发送者的方式解析：先查它的 /etc/hosts，再从它的网络中询问其 /etc/resolv.conf 里的服务器。使用 -4 或 -6 时，只考虑该地址族的地址。",
            "直接写出地址，或用 ip addr 查看该位置的地址。",
        ],
    ),
    code(
        "not-a-reach",
        [
            "the file is no answer of glassnet reach that can be read",
            "glassnet reach --save FILE keeps an answer as JSON: the places, their classes, and what becomes of a packet between each two. A file that was cut off or changed is not read in part, and one of a newer glassnet may say what this one does not understand.",
            "Keep an answer again, or read it with a glassnet that is at least as new as the one that wrote it.",
        ],
        [
            "该文件不是可读取的 glassnet reach 结果",
            "glassnet reach --save FILE 以 JSON 保存结果：各个位置、它们的类别，以及每两者之间的数据包会怎样。被截断或改动的文件不会部分读取；较新的 glassnet 写入的文件可能含有本程序不理解的内容。",
            "重新保存结果，或用不旧于写入者的 glassnet 读取。",
        ],
    ),
    code(
        "not-a-snapshot",
        [
            "the file is no snapshot that can be read",
            "Snapshots are written by glassnet snapshot -o FILE: JSON with all network namespaces of a machine. A file that was cut off or changed is not read in part, and one of a newer glassnet may say what this one does not understand.",
            "Write it again, or read it with a glassnet that is at least as new as the one that wrote it.",
        ],
        [
            "该文件不是可读取的快照",
            "快照由 glassnet snapshot -o FILE 写入：内容为 JSON，包含一台机器的全部网络命名空间。被截断或改动的文件不会部分读取；较新的 glassnet 写入的文件可能含有本程序不理解的内容。",
            "重新写入快照，或用不旧于写入者的 glassnet 读取。",
        ],
    ),
    code(
        "no-daemon",
        [
            "the daemon is not running",
            "No process listens at the daemon's socket: glassnet node was not started, has ended, or uses another run directory.",
            "Start it with: systemctl start glassnet, or in the foreground with: glassnet node. If it runs elsewhere, set GLASSNET_RUN_DIR to its run directory.",
        ],
        [
            "守护进程没有运行",
            "没有进程在监听守护进程的套接字：glassnet node 尚未启动、已经结束，或使用了别的运行目录。",
            "用 systemctl start glassnet 启动，或用 glassnet node 在前台启动。如果它使用别的运行目录，请把 GLASSNET_RUN_DIR 设为该目录。",
        ],
    ),
    code(
        "permission",
        [
            "this user may not do that",
            "The daemon's sockets belong to root and are closed to others (mode 0600), since who may attach containers may change this host's network.",
            "Run the command as root, for instance with sudo.",
        ],
        [
            "当前用户没有权限",
            "守护进程的套接字属于 root，不对其他用户开放（权限 0600），因为能接入容器就能更改本机网络。",
            "以 root 身份运行该命令，例如使用 sudo。",
        ],
    ),
    code(
        "no-answer",
        [
            "the daemon does not answer",
            "The daemon took the question and gave no answer in time. What was asked may still be carried out.",
            "Look at the daemon's log; ask again: every verb may be repeated.",
        ],
        [
            "守护进程没有应答",
            "守护进程收到了请求，但没有按时应答。所请求的操作仍可能被执行。",
            "查看守护进程日志；可以重试：每个动词都可以重复执行。",
        ],
    ),
    code(
        "bad-answer",
        [
            "the answer was not understood",
            "What came back is not what this version of glassnet expects: another program listens at the socket, or the daemon is of another version.",
            "Compare: glassnet version, and the version in: glassnet status. Restart the daemon after an upgrade.",
        ],
        [
            "应答无法理解",
            "收到的应答与本版本 glassnet 的预期不符：监听该套接字的是别的程序，或守护进程的版本不同。",
            "对比 glassnet version 与 glassnet status 显示的版本；升级后请重启守护进程。",
        ],
    ),
    code(
        "connection",
        [
            "the connection to the daemon failed",
            "The socket could not be opened, or the connection broke off before the answer was whole.",
            "Ask again; if it stays so, look at the daemon's log.",
        ],
        [
            "与守护进程的连接失败",
            "无法打开套接字，或在应答完整之前连接中断。",
            "重试；若一直如此，请查看守护进程日志。",
        ],
    ),
    code(
        "which-network",
        [
            "it is not clear which network is meant",
            "No network was named, and this host has none or more than one.",
            "Name it with --network; list them with: glassnet network ls.",
        ],
        [
            "不清楚指的是哪个网络",
            "没有指定网络，而本机没有网络，或有不止一个。",
            "用 --network 指定；用 glassnet network ls 列出。",
        ],
    ),
    code(
        "which-lab",
        [
            "it is not clear which lab is meant",
            "No lab was named, and there is none or more than one here.",
            "Write LAB/HOST; list the labs with: glassnet lab ls.",
        ],
        [
            "不清楚指的是哪个实验环境",
            "没有指定实验环境，而这里没有，或有不止一个。",
            "写成 LAB/HOST；用 glassnet lab ls 列出。",
        ],
    ),
    code(
        "no-such-code",
        [
            "there is no such error code",
            "Error codes are the words in brackets at the end of an error message.",
            "List them all with: glassnet explain.",
        ],
        [
            "没有这个错误码",
            "错误码是错误消息末尾方括号中的单词。",
            "用 glassnet explain 列出全部错误码。",
        ],
    ),
    code(
        "not-confirmed",
        [
            "it was not confirmed",
            "The verb cannot be undone, so it wants a yes, or the option --yes when no terminal is there to ask at.",
            "Run it again with --yes if that is what you want.",
        ],
        [
            "没有得到确认",
            "该操作无法撤销，因此需要回答 yes；没有终端可供询问时需要加 --yes。",
            "如果确实要这样做，请加上 --yes 再运行。",
        ],
    ),
    code(
        "file",
        [
            "a file could not be read or written",
            "The message names the file and what the system said.",
            "Check that the path is right and that this user may use it.",
        ],
        [
            "文件无法读取或写入",
            "消息中写明了文件和系统的说明。",
            "检查路径是否正确，以及当前用户是否有权限。",
        ],
    ),
    code(
        "node",
        [
            "the daemon could not run",
            "The daemon ended with an error, or did not come up: another one runs, a directory cannot be used, or the kernel lacks something.",
            "Read the message and the log lines above it.",
        ],
        [
            "守护进程无法运行",
            "守护进程因错误结束或未能启动：已有另一个在运行、目录无法使用，或内核缺少某项功能。",
            "查看消息以及其上方的日志。",
        ],
    ),
    code(
        "bug",
        [
            "glassnet has a mistake",
            "The program met something that its authors thought could not be.",
            "Please report it with the message, and with what was done before.",
        ],
        [
            "glassnet 出现了缺陷",
            "程序遇到了作者认为不可能出现的情况。",
            "请附上消息和之前的操作报告此问题。",
        ],
    ),
];
