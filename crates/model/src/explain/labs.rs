//! What goes wrong with a lab, for the crate `lab`: facts, said in the reader's language. The codes
//! stand beside, in [`codes`](super::codes).

use super::SystemFault;
use super::say::sentences;

sentences! {
    /// What a lab does to its files.
    enum LabDeed;
    List en "list" zh "列出"
    Read en "read" zh "读取"
    Open en "open" zh "打开"
    Write en "write" zh "写入"
    Remove en "remove" zh "删除"
    MakeDirectory en "make the directory" zh "创建目录"
}

sentences! {
    /// Why a lab did not do what was asked.
    enum LabFailure;
    ReadFile { path: String, why: SystemFault }
        en "cannot read the lab file {path}: {why}"
        zh "无法读取实验文件 {path}：{why}"
    FileLong { path: String, most: u64 }
        en "cannot read the lab file {path}: it has more than the {most} bytes a lab file may have"
        zh "无法读取实验文件 {path}：它超过了实验文件的上限 {most} 字节"
    FileNoText { path: String, byte: usize }
        en "cannot read the lab file {path}: it is no text: byte {byte} is not UTF-8"
        zh "无法读取实验文件 {path}：它不是文本：第 {byte} 字节不是 UTF-8"
    /// The report of a lab file's mistakes.
    Mistakes { report: String } en "{report}" zh "实验文件有错误：\n{report}"
    Privilege { lacking: Vec<String> }
        en "a lab needs the capabilities {lacking}, which this process lacks: run the command as root (for instance with sudo)"
        zh "实验环境需要权限 {lacking}，而当前进程没有：请以 root 身份运行（例如使用 sudo）"
    Name { name: String }
        en "\"{name}\" is no name for a lab: use 1 to 32 of a-z, 0-9 and \"-\", a letter or digit first"
        zh "“{name}”不能用作实验环境的名称：请用 1 到 32 个 a-z、0-9 和“-”，以字母或数字开头"
    AlreadyThere { name: String }
        en "the lab \"{name}\" is there already: take it down first with: glassnet lab down {name}"
        zh "实验环境“{name}”已经存在：请先用 glassnet lab down {name} 拆除"
    NoLab { name: String, labs: Vec<String> }
        en "there is no lab \"{name}\" (the labs here are: {labs})"
        zh "没有实验环境“{name}”（现有：{labs}）"
    NoLabAtAll { name: String }
        en "there is no lab \"{name}\" (no lab is up; start one with: glassnet lab up FILE)"
        zh "没有实验环境“{name}”（当前没有任何实验环境；创建：glassnet lab up FILE）"
    NoMachine { lab: String, name: String, machines: Vec<String> }
        en "the lab \"{lab}\" has no machine \"{name}\" (it has: {machines})"
        zh "实验环境“{lab}”中没有机器“{name}”（现有：{machines}）"
    NoContainer { machine: String, name: String, containers: Vec<String> }
        en "the machine \"{machine}\" has no container \"{name}\" (it has: {containers})"
        zh "机器“{machine}”上没有容器“{name}”（现有：{containers}）"
    NoContainerAtAll { machine: String, name: String }
        en "the machine \"{machine}\" has no container \"{name}\" (it has none)"
        zh "机器“{machine}”上没有容器“{name}”（它没有任何容器）"
    NoLink { lab: String, name: String, links: Vec<String> }
        en "the lab \"{lab}\" has no link \"{name}\" (it has: {links})"
        zh "实验环境“{lab}”中没有链路“{name}”（现有：{links}）"
    NotRunning { lab: String, machine: String, part: String }
        en "\"{part}\" is not running: start it with: glassnet lab start {lab}/{machine}"
        zh "“{part}”没有运行：请用 glassnet lab start {lab}/{machine} 启动"
    Gone { name: String }
        en "the lab \"{name}\" has ended: its switches are gone, most likely since this computer was restarted. Clear it away with: glassnet lab down {name}"
        zh "实验环境“{name}”已经结束：它的交换机已不存在，很可能是这台计算机重启过。请用 glassnet lab down {name} 清理"
    Busy { name: String }
        en "another glassnet is at work on the lab \"{name}\": try again when it is done"
        zh "另一个 glassnet 正在操作实验环境“{name}”：请等它完成后再试"
    Unfinished { name: String }
        en "the lab \"{name}\" was not finished: an earlier command was interrupted. Take it down with: glassnet lab down {name}"
        zh "实验环境“{name}”没有创建完成：之前的命令被中断了。请用 glassnet lab down {name} 拆除"
    State { what: LabDeed, path: String, why: SystemFault }
        en "cannot {what} {path}: {why}"
        zh "无法{what} {path}：{why}"
    Damaged { path: String, why: String }
        en "{path} is damaged ({why}); nothing was touched. If no process of the lab is left, remove its directory by hand"
        zh "{path} 已损坏（{why}）；没有做任何改动。如果该实验环境已没有进程，请手动删除它的目录"
    Launch { part: String, why: String }
        en "\"{part}\" did not come up: {why}"
        zh "“{part}”未能启动：{why}"
    Wire { part: String, why: String }
        en "network of \"{part}\": {why}"
        zh "“{part}”的网络出错：{why}"
    Sysctl { machine: String, name: String, value: String, why: SystemFault }
        en "sysctl {name} = {value} on \"{machine}\": {why}. The kernel here may not have it in a network namespace of its own"
        zh "“{machine}”上的 sysctl {name} = {value}：{why}。这里的内核可能没有按网络命名空间隔离该参数"
    Glassnet { machine: String, command: String, status: String, output: String }
        en "on \"{machine}\", {command} failed{status}:\n{output}"
        zh "在“{machine}”上，{command} 失败{status}：\n{output}"
    Exec { part: String, command: String, why: SystemFault }
        en "cannot run {command} on \"{part}\": {why}"
        zh "无法在“{part}”上运行 {command}：{why}"
    Enter { part: String, why: SystemFault }
        en "cannot look around on \"{part}\": {why}"
        zh "无法查看“{part}”的内部状况：{why}"
    End { pid: i32, part: String, why: SystemFault }
        en "cannot end process {pid} (\"{part}\"): {why}"
        zh "无法结束进程 {pid}（“{part}”）：{why}"
    Down { name: String, failures: Vec<LabFailure> }
        en "the lab \"{name}\" is not wholly down: {failures}. Run the same command again"
        zh "实验环境“{name}”没有完全拆除：{failures}。请再次运行同一条命令"
    Missing { program: String, package: String }
        en "this lab needs the program {program}, which is not installed: on Debian and Ubuntu it is in the package {package}"
        zh "这个实验环境需要程序 {program}，但它没有安装：在 Debian 和 Ubuntu 上，它在软件包 {package} 中"
    Credentials { why: String }
        en "the lab's certificates cannot be made or read: {why}"
        zh "无法生成或读取实验环境的证书：{why}"
    StillOn { lab: String, machine: String }
        en "\"{machine}\" is running, so its disk cannot be changed: cut its power first with: glassnet lab kill {lab}/{machine}"
        zh "“{machine}”正在运行，不能更换磁盘：请先用 glassnet lab kill {lab}/{machine} 切断电源"
    NoService { machine: String, service: String, services: Vec<String> }
        en "the machine \"{machine}\" runs no {service} (it runs: {services})"
        zh "机器“{machine}”不运行 {service}（它运行：{services}）"
    NoServiceAtAll { machine: String, service: String }
        en "the machine \"{machine}\" runs no {service}: it has no service at all"
        zh "机器“{machine}”不运行 {service}：它没有任何服务"
    Service { machine: String, service: String, why: String }
        en "{service} did not start on \"{machine}\": {why}"
        zh "{service} 未能在“{machine}”上启动：{why}"
    Signal { machine: String, service: String, why: SystemFault }
        en "{service} on \"{machine}\" could be sent no signal: {why}"
        zh "无法向“{machine}”上的 {service} 发送信号：{why}"
    DropOnHost { name: String }
        en "\"{name}\" is a host: it passes nothing on, so it has nothing to drop. Name a router or a switch"
        zh "“{name}”是主机：它不转发数据包，因此没有可丢弃的内容。请写路由器或交换机"
    NoDropPlace { lab: String, name: String, places: Vec<String> }
        en "the lab \"{lab}\" has no router or switch \"{name}\" (it has: {places})"
        zh "实验环境“{lab}”中没有路由器或交换机“{name}”（现有：{places}）"
    NoSuchDrop { text: String }
        en "\"{text}\" is nothing that can be dropped: write icmp, too-big, fragments, udp [PORT], tcp [PORT], larger BYTES, from PREFIX or to PREFIX"
        zh "“{text}”不是可以丢弃的内容：请写 icmp、too-big、fragments、udp [PORT]、tcp [PORT]、larger BYTES、from PREFIX 或 to PREFIX"
    Rules { part: String, why: String }
        en "\"{part}\" could not be told what to drop: nft says: {why}"
        zh "无法让“{part}”丢弃数据包：nft 说：{why}"
    NetworkUnheard { machine: String, network: String, seconds: u64, said: Vec<LabFailure> }
        en "\"{machine}\" has not heard of the network \"{network}\" within {seconds} s; {said}"
        zh "“{machine}”在 {seconds} 秒内没有得知网络“{network}”；{said}"
}
