//! Why a text cannot be a name, for [`crate::cluster`] and [`crate::net`].

use super::say::sentences;

sentences! {
    /// What bears a name.
    enum Named;
    Network en "network name" zh "网络名称"
    Node en "node name" zh "节点名称"
    Container en "container id" zh "容器标识"
}

sentences! {
    /// What is wrong with a name.
    enum Fault;
    Empty en "it is empty" zh "它是空的"
    Long en "it is too long" zh "它太长"
    Start en "it starts with another character" zh "它以其他字符开头"
    Character en "it holds another character" zh "它含有其他字符"
    Path en "it would be a path" zh "它会成为路径"
    LinkLong en "it is longer than 15 bytes" zh "它超过 15 字节"
    LinkCharacter
        en "it holds '/', ':', white space or a zero byte"
        zh "它含有“/”、“:”、空白或零字节"
}
