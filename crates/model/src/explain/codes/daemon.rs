//! What the daemon answers when it says no.

use super::{ErrorCode, code};

pub(super) const CODES: &[ErrorCode] = &[
    code(
        "invalid-request",
        [
            "the request itself is wrong",
            "What was asked cannot be, whatever the state of this host: a name with a character that names cannot hold, a subnet with host bits set, an address outside its network. Asking again does not help.",
            "Correct what the message names, and ask again.",
        ],
        [
            "请求本身有误",
            "无论本机处于什么状态，所请求的事都办不到：名称含有不允许的字符、子网带有主机位、地址不在网络之内等。重试没有用。",
            "按消息所指改正后再试。",
        ],
    ),
    code(
        "no-network",
        [
            "there is no such network",
            "No network of this name was created on this host.",
            "List the networks with: glassnet network ls. Create one with: glassnet network create NAME.",
        ],
        [
            "没有这个网络",
            "本机没有创建过这个名称的网络。",
            "用 glassnet network ls 列出网络；用 glassnet network create NAME 创建网络。",
        ],
    ),
    code(
        "exists",
        [
            "it is there already, and is another",
            "A network or an attachment of this name is there with other settings. Asking for the same again is no error; asking for something else under the same name is.",
            "Choose another name, or remove the one that is there first.",
        ],
        [
            "已经存在，而且不一样",
            "已有同名的网络或接入，但设置不同。重复同样的请求不算错误；用同一名称请求别的东西才是。",
            "换一个名称，或先删除已有的那个。",
        ],
    ),
    code(
        "in-use",
        [
            "it is still in use",
            "A network cannot be removed while containers are attached to it.",
            "See who uses it with: glassnet ls. Detach them with: glassnet detach NAME.",
        ],
        [
            "仍在使用中",
            "还有容器接入的网络不能删除。",
            "用 glassnet ls 查看谁在使用；用 glassnet detach NAME 断开。",
        ],
    ),
    code(
        "exhausted",
        [
            "nothing is left to give",
            "The network has no free address, no place on its bridge (the kernel allows 1,023 ports), or a published range is too long.",
            "Look for leaked attachments with: glassnet doctor. Detach what is not needed, or create a network with a larger subnet.",
        ],
        [
            "资源已用尽",
            "网络没有空闲地址，或网桥没有空闲端口（内核最多允许 1023 个），或发布的端口范围过长。",
            "用 glassnet doctor 查找泄漏的接入；断开不需要的，或新建一个子网更大的网络。",
        ],
    ),
    code(
        "taken",
        [
            "it is somebody else's",
            "The address, the MAC or the host port asked for belongs to another attachment or to a process of this host; the message names the holder.",
            "Ask for another one, or none, to be given a free one; or stop the holder.",
        ],
        [
            "已被占用",
            "所请求的地址、MAC 或主机端口属于另一个接入或本机的某个进程；消息中写明了占用者。",
            "换一个，或不指定以便自动分配；也可以停止占用者。",
        ],
    ),
    code(
        "no-namespace",
        [
            "there is no such network namespace",
            "The network namespace is gone, or what was named is none: the container has ended, or the path leads to another kind of file.",
            "List named namespaces with: ip netns ls. A process has its own at /proc/PID/ns/net.",
        ],
        [
            "没有这个网络命名空间",
            "网络命名空间已不存在，或所给的并不是网络命名空间：容器已结束，或路径指向别的文件。",
            "用 ip netns ls 列出命名的网络命名空间；进程的网络命名空间在 /proc/PID/ns/net。",
        ],
    ),
    code(
        "kernel",
        [
            "the kernel said no",
            "Linux refused a step. The message gives the object, the error number and the kernel's own words. What had been done by then was undone.",
            "Look into the daemon's log and the kernel's (dmesg); run: glassnet doctor.",
        ],
        [
            "内核拒绝了请求",
            "Linux 拒绝了某一步操作。消息给出了对象、错误号和内核自己的说明。此前已完成的步骤已撤销。",
            "查看守护进程日志和内核日志（dmesg），并运行 glassnet doctor。",
        ],
    ),
    code(
        "storage",
        [
            "the state directory could not be written",
            "Leases must be on disk before they are used, and the disk refused: full, read-only or damaged. Nothing was changed.",
            "Free or repair the disk under the state directory (/var/lib/glassnet), and ask again.",
        ],
        [
            "状态目录无法写入",
            "租约必须先落盘才能使用，而磁盘拒绝写入：已满、只读或损坏。没有做任何更改。",
            "清理或修复状态目录（/var/lib/glassnet）所在的磁盘后重试。",
        ],
    ),
    code(
        "busy",
        [
            "not now",
            "The daemon is starting, stopping or waiting for something else that concerns the same container.",
            "Try again in a moment. If it stays so, look at: glassnet status.",
        ],
        [
            "暂时无法处理",
            "守护进程正在启动、停止，或在等待与同一容器有关的另一件事。",
            "稍后再试；若一直如此，请查看 glassnet status。",
        ],
    ),
    code(
        "differs",
        [
            "what is there is not what should be",
            "Something of the attachment is missing or was changed: an address, a route, a rule. The message names each difference.",
            "On the host the daemon repairs what is ours. Inside the container start it anew, or put back what was changed.",
        ],
        [
            "现状与应有的状态不符",
            "接入的某一部分缺失或被更改：地址、路由或规则。消息列出了每一处差异。",
            "主机一侧由守护进程修复；容器内请重新启动容器，或恢复被更改的部分。",
        ],
    ),
    code(
        "blocked",
        [
            "another program's rules drop what is forwarded",
            "A chain that is not ours drops packets of this network. All chains at a hook are asked, so that an accept in our own does not save them; the container would be attached and reach nobody. The message names the chain and whose it is.",
            "Run the command that the message gives, or start glassnet node with --accept-in-foreign-chains. A network created with --no-masquerade and without published ports may be used as it is.",
        ],
        [
            "其他程序的规则会丢弃转发的包",
            "一条不属于我们的链会丢弃该网络的包。同一钩子上的所有链都会被询问，我们自己链里的放行救不了它们；容器即使接入也无法通信。消息指出了是哪条链、属于谁。",
            "执行消息中给出的命令，或用 --accept-in-foreign-chains 启动 glassnet node。以 --no-masquerade 创建且不发布端口的网络可以照常使用。",
        ],
    ),
    code(
        "cluster",
        [
            "something of the cluster is in the way",
            "What was asked concerns several hosts: it needs the store that they share, or another node stands against it. Containers that are attached are not touched by this; this node goes on giving addresses of the blocks it holds.",
            "The message says what was found. Look at glassnet status: how it stands with the store, and which nodes are heard of. Most of this passes by itself when the store is back.",
        ],
        [
            "集群方面有阻碍",
            "该请求涉及多台主机：它需要共享的集群存储，或与另一节点冲突。已接入的容器不受影响；本节点继续从自己持有的地址块分配地址。",
            "消息说明了具体原因。请查看 glassnet status：存储是否可用、能联系到哪些节点。存储恢复后，多数情况会自行消失。",
        ],
    ),
];
