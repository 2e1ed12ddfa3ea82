//! What can go wrong with a lab. The codes are those of the crate `lab`.

use super::{ErrorCode, code};

pub(super) const CODES: &[ErrorCode] = &[
    code(
        "lab-file-unreadable",
        [
            "the lab file cannot be read",
            "The file is not there, may not be read, is too large, or is no text.",
            "Check the path; examples of lab files are in the folder examples.",
        ],
        [
            "无法读取实验文件",
            "文件不存在、没有读取权限、过大，或不是文本。",
            "检查路径；examples 目录中有实验文件的示例。",
        ],
    ),
    code(
        "lab-file-mistaken",
        [
            "the lab file has mistakes",
            "The file was read, but does not describe a lab. Each mistake is shown with its line. Nothing was built.",
            "Correct them; the schema of the file is shown by: glassnet lab schema.",
        ],
        [
            "实验文件有错误",
            "文件可以读取，但描述的不是一个有效的实验环境。每个错误都标出了所在的行。没有创建任何东西。",
            "改正这些错误；用 glassnet lab schema 查看文件格式。",
        ],
    ),
    code(
        "lab-privilege",
        [
            "labs need more rights",
            "Making namespaces, mounts and links takes capabilities that this process lacks.",
            "Run the command as root, for instance with sudo.",
        ],
        [
            "实验环境需要更高的权限",
            "创建命名空间、挂载点和链路需要当前进程所没有的能力（capabilities）。",
            "以 root 身份运行该命令，例如使用 sudo。",
        ],
    ),
    code(
        "lab-name",
        [
            "that cannot name a lab",
            "A lab's name becomes part of paths, so only some characters are allowed.",
            "Use 1 to 32 of a-z, 0-9 and '-', a letter or digit first.",
        ],
        [
            "不能用作实验环境的名称",
            "实验环境的名称会成为路径的一部分，因此只允许部分字符。",
            "使用 1 到 32 个 a-z、0-9 和“-”，以字母或数字开头。",
        ],
    ),
    code(
        "lab-already-there",
        [
            "the lab is there already",
            "A lab of this name is up, or was not taken down.",
            "Take it down first with: glassnet lab down NAME.",
        ],
        [
            "实验环境已经存在",
            "同名的实验环境正在运行，或尚未拆除。",
            "先用 glassnet lab down NAME 拆除它。",
        ],
    ),
    code(
        "lab-unknown",
        [
            "there is no such lab",
            "No lab of this name is known on this computer.",
            "List the labs with: glassnet lab ls. Build one with: glassnet lab up FILE.",
        ],
        [
            "没有这个实验环境",
            "这台计算机上没有这个名称的实验环境。",
            "用 glassnet lab ls 列出；用 glassnet lab up FILE 创建。",
        ],
    ),
    code(
        "lab-machine-unknown",
        [
            "the lab has no such machine",
            "The lab's file names no host or router like this.",
            "List them with: glassnet lab ls.",
        ],
        [
            "实验环境中没有这台机器",
            "实验文件中没有这个名称的主机或路由器。",
            "用 glassnet lab ls 列出。",
        ],
    ),
    code(
        "lab-container-unknown",
        [
            "the machine has no such container",
            "The lab's file gives this machine no container of that name.",
            "List them with: glassnet lab ls.",
        ],
        [
            "这台机器上没有这个容器",
            "实验文件没有给这台机器配置这个名称的容器。",
            "用 glassnet lab ls 列出。",
        ],
    ),
    code(
        "lab-link-unknown",
        [
            "the lab has no such link",
            "Links are named MACHINE.LINK, for instance alpha.eth0.",
            "Look into the lab's file for its links.",
        ],
        [
            "实验环境中没有这条链路",
            "链路写作 MACHINE.LINK，例如 alpha.eth0。",
            "在实验文件中查看有哪些链路。",
        ],
    ),
    code(
        "lab-machine-off",
        [
            "the machine is not running",
            "It was killed, or its first process has ended.",
            "Start it with: glassnet lab start HOST.",
        ],
        [
            "这台机器没有运行",
            "它已被断电，或其首个进程已经结束。",
            "用 glassnet lab start HOST 启动它。",
        ],
    ),
    code(
        "lab-gone",
        [
            "the lab has ended",
            "Its switches are gone, most likely since this computer was restarted.",
            "Clear it away with: glassnet lab down NAME. Then build it again.",
        ],
        [
            "实验环境已经结束",
            "它的交换机已不存在，很可能是这台计算机重启过。",
            "用 glassnet lab down NAME 清理，然后重新创建。",
        ],
    ),
    code(
        "lab-busy",
        [
            "another glassnet is at work on the lab",
            "Only one command at a time may change a lab.",
            "Try again when the other is done.",
        ],
        [
            "另一个 glassnet 正在操作该实验环境",
            "同一时间只能有一条命令更改一个实验环境。",
            "等另一条命令完成后再试。",
        ],
    ),
    code(
        "lab-unfinished",
        [
            "the lab was not finished",
            "An earlier command on it was interrupted.",
            "Take it down with: glassnet lab down NAME. That works however far it had come.",
        ],
        [
            "实验环境没有创建完成",
            "之前对它的某条命令被中断了。",
            "用 glassnet lab down NAME 拆除；无论创建到哪一步都可以拆除。",
        ],
    ),
    code(
        "lab-state",
        [
            "the lab's directory cannot be used",
            "What is known of labs is kept below /var/lib/glassnet-labs, and the system refused to read or write there.",
            "Check the disk and the rights on that directory.",
        ],
        [
            "无法使用实验环境的目录",
            "实验环境的记录保存在 /var/lib/glassnet-labs 之下，而系统拒绝在那里读写。",
            "检查磁盘和该目录的权限。",
        ],
    ),
    code(
        "lab-state-damaged",
        [
            "the lab's record is damaged",
            "The record cannot be understood, so glassnet does not know what belongs to the lab, and touches nothing.",
            "If no process of the lab is left, remove its directory by hand.",
        ],
        [
            "实验环境的记录已损坏",
            "记录无法解读，glassnet 不知道哪些东西属于该实验环境，因此不做任何改动。",
            "如果该实验环境已没有进程，请手动删除它的目录。",
        ],
    ),
    code(
        "lab-launch",
        [
            "a machine did not come up",
            "The first process of a machine or container could not prepare itself.",
            "Read the reason in the message; the kernel may lack a kind of namespace.",
        ],
        [
            "有机器未能启动",
            "机器或容器的首个进程未能完成准备。",
            "查看消息中的原因；内核可能缺少某种命名空间。",
        ],
    ),
    code(
        "lab-wire",
        [
            "a machine's network could not be set up",
            "The kernel refused a link, an address or a route of the lab.",
            "Read the reason in the message; compare it with the lab's file.",
        ],
        [
            "无法配置机器的网络",
            "内核拒绝了实验环境中的某条链路、某个地址或路由。",
            "查看消息中的原因，并与实验文件对照。",
        ],
    ),
    code(
        "lab-sysctl",
        [
            "a kernel setting could not be made",
            "The lab's file asks for a sysctl that the kernel does not have in a namespace of its own, or for a value it does not take.",
            "Remove it from the lab's file, or correct its value.",
        ],
        [
            "无法设置内核参数",
            "实验文件要求的 sysctl 在内核中没有按命名空间隔离，或内核不接受该值。",
            "从实验文件中删除它，或改正它的值。",
        ],
    ),
    code(
        "lab-glassnet",
        [
            "glassnet failed on a machine of the lab",
            "A command that the lab ran on one of its machines did not succeed; what it said is in the message.",
            "Look at the machine with: glassnet lab exec HOST -- glassnet status.",
        ],
        [
            "实验环境中某台机器上的 glassnet 失败",
            "实验环境在某台机器上运行的命令没有成功；其输出见消息。",
            "用 glassnet lab exec HOST -- glassnet status 查看那台机器。",
        ],
    ),
    code(
        "lab-exec",
        [
            "the command could not be run",
            "The program is not there inside the machine, or may not be run.",
            "Check its name; inside, the PATH is the system's own.",
        ],
        [
            "无法运行该命令",
            "机器内没有这个程序，或没有执行权限。",
            "检查程序名；机器内使用系统默认的 PATH。",
        ],
    ),
    code(
        "lab-enter",
        [
            "the machine could not be looked at",
            "Its namespaces could not be joined: it ended at that moment, or the kernel refused.",
            "Try again; `glassnet lab ls` says whether the machine runs.",
        ],
        [
            "无法查看该机器",
            "无法进入它的命名空间：它恰好在这时结束，或内核拒绝了。",
            "请重试；用 `glassnet lab ls` 查看机器是否在运行。",
        ],
    ),
    code(
        "lab-end",
        [
            "a process could not be ended",
            "A process of the lab is still there though it was told to end.",
            "Run the same command again.",
        ],
        ["无法结束某个进程", "实验环境的某个进程收到结束指令后仍然存在。", "再次运行同一条命令。"],
    ),
    code(
        "lab-down",
        [
            "the lab is not wholly down",
            "Parts of the lab could not be taken away; the message names each.",
            "Run the same command again.",
        ],
        [
            "实验环境没有完全拆除",
            "实验环境的某些部分未能清除；消息逐一列出。",
            "再次运行同一条命令。",
        ],
    ),
    code(
        "lab-program-missing",
        [
            "a program the lab needs is not installed",
            "A machine of the lab runs etcd, or a router or switch drops packets by means of nft; the program was not found. Nothing was built.",
            "Install the package that the message names.",
        ],
        [
            "缺少实验环境所需的程序",
            "实验环境中有机器运行 etcd，或有路由器、交换机借助 nft 丢弃数据包，但没有找到该程序。没有创建任何东西。",
            "安装消息中所说的软件包。",
        ],
    ),
    code(
        "lab-credentials",
        [
            "the lab's certificates failed",
            "An etcd with TLS needs certificates, which the lab makes and keeps in its directory; they could not be made, written or read.",
            "Check the disk; then take the lab down and build it again.",
        ],
        [
            "实验环境的证书出错",
            "使用 TLS 的 etcd 需要证书，由实验环境生成并保存在它的目录中；现在无法生成、写入或读取。",
            "检查磁盘；然后拆除并重新创建实验环境。",
        ],
    ),
    code(
        "lab-machine-on",
        [
            "the machine is running",
            "A machine can be given a new disk only while it is off.",
            "Cut its power first with: glassnet lab kill HOST.",
        ],
        [
            "这台机器正在运行",
            "只有在断电时才能给机器换上新磁盘。",
            "先用 glassnet lab kill HOST 切断电源。",
        ],
    ),
    code(
        "lab-service-unknown",
        [
            "the machine runs no such service",
            "A machine runs etcd if the lab's file says etcd: true, and glassnet's daemon unless it says node: false.",
            "List the machines with: glassnet lab ls.",
        ],
        [
            "这台机器不运行该服务",
            "实验文件写有 etcd: true 的机器运行 etcd；没有写 node: false 的主机运行 glassnet 的守护进程。",
            "用 glassnet lab ls 列出机器。",
        ],
    ),
    code(
        "lab-service",
        [
            "a service of a machine could not be handled",
            "etcd or glassnet's daemon on a machine of the lab did not start, or could not be sent a signal.",
            "Read the reason in the message, and its log: /var/log/etcd.log or /var/log/glassnet.log on the machine.",
        ],
        [
            "无法操作某台机器的服务",
            "实验环境中某台机器上的 etcd 或 glassnet 守护进程没有启动，或无法向它发送信号。",
            "查看消息中的原因，以及该机器上的日志：/var/log/etcd.log 或 /var/log/glassnet.log。",
        ],
    ),
    code(
        "lab-drop-place",
        [
            "that is no router or switch of the lab",
            "Only what passes on the packets of others can drop them.",
            "Name a router or a switch of the lab's file.",
        ],
        [
            "那不是实验环境中的路由器或交换机",
            "只有转发他人数据包的设备才能丢弃它们。",
            "请写实验文件中的路由器或交换机。",
        ],
    ),
    code(
        "lab-drop-unknown",
        [
            "that is nothing that can be dropped",
            "Routers and switches of a lab drop what is in their list, and a port, a size or a prefix has to be in range.",
            "See the list with: glassnet lab drop --help.",
        ],
        [
            "那不是可以丢弃的内容",
            "实验环境中的路由器和交换机只能丢弃列表中的内容，端口、大小和前缀都必须在有效范围内。",
            "用 glassnet lab drop --help 查看列表。",
        ],
    ),
    code(
        "lab-rules",
        [
            "a router or switch could not be told what to drop",
            "nft refused the rules; the kernel may lack what they need.",
            "Read what nft said in the message.",
        ],
        [
            "无法让路由器或交换机丢弃数据包",
            "nft 拒绝了规则；内核可能缺少所需的功能。",
            "查看消息中 nft 的输出。",
        ],
    ),
    code(
        "lab-network-unheard",
        [
            "a host has not heard of a network",
            "Networks of all hosts are made on one of them and told to the others through the store. One of them has not heard in time.",
            "See whether that host reaches the store: glassnet lab exec HOST -- glassnet status.",
        ],
        [
            "有主机没有得知某个网络",
            "所有主机共有的网络在其中一台上创建，并经由存储告知其他主机。有一台未能及时得知。",
            "用 glassnet lab exec HOST -- glassnet status 查看那台主机能否访问存储。",
        ],
    ),
];
