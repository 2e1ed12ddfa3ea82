//! Who reaches whom, in words.

use super::say::sentences;
use crate::net::Family;

sentences! {
    /// What is said of many pairs at once.
    enum ReachText;
    Headline { places: usize, pairs: u64, what: String, family: Family, classes: usize, walks: u64 }
        en "{places} places, {pairs} ordered pairs, {what} over {family}; {classes} classes, {walks} pairs walked"
        zh "{places} 个位置，{pairs} 个有序对，{family} 上的 {what}；{classes} 类，推演了 {walks} 对"
    AndMore { count: usize } en " and {count} more" zh " 等另外 {count} 个"
    Yes en "yes" zh "通"
    No en "no" zh "不通"
    NotBack en "no answer" zh "无应答"
    Leaves en "leaves" zh "离开"
    Answered en "answered" zh "有应答"
    Arrive { pairs: u64 }
        en "{pairs} pairs: arrives, and is answered"
        zh "{pairs} 对：到达并有应答"
    Lost { pairs: u64, from: String, to: String, end: String }
        en "{pairs} pairs, such as {from} to {to}: {end}"
        zh "{pairs} 对，例如 {from} 到 {to}：{end}"
    LostBack { pairs: u64, from: String, to: String, end: String }
        en "{pairs} pairs, such as {from} to {to}: it arrives; its answer: {end}"
        zh "{pairs} 对，例如 {from} 到 {to}：到达，但其应答：{end}"
    TheAnswer { end: String } en "its answer: {end}" zh "其应答：{end}"
    AsBefore en "all as before" zh "与之前完全相同"
    Differs { pairs: u64, from: String, to: String, before: String, after: String }
        en "{pairs} pairs, such as {from} to {to}:\n    before: {before}\n    now:    {after}"
        zh "{pairs} 对，例如 {from} 到 {to}：\n    之前：{before}\n    现在：{after}"
    WithoutAddress { count: usize, first: String, family: Family }
        en "left out, having no {family} address: {count}, such as {first}"
        zh "以下位置没有 {family} 地址，未计入：共 {count} 个，例如 {first}"
    Unread { count: usize, place: String, why: String }
        en "{count} parts could not be read, so this may be wrong; the first, of {place}: {why}"
        zh "有 {count} 个部分无法读取，结果可能不准确；第一个属于 {place}：{why}"

    // What is wrong with what was asked.
    NobodyIsCalled { pattern: String }
        en "no place here is called {pattern}"
        zh "这里没有名为 {pattern} 的位置"
    NeedsPort en "tcp and udp need a port: --port" zh "tcp 和 udp 需要端口：--port"
    NoPortOfIcmp en "icmp has no ports: leave --port out" zh "icmp 没有端口：请去掉 --port"
    OtherQuestion { asked: String }
        en "the kept answer is about {asked}, and this asks about another packet: the two cannot be compared"
        zh "保存的结果针对 {asked}，而这次问的是另一种数据包：两者无法比较"
    Newer { path: String, version: String }
        en "{path} was written by glassnet {version}, which is newer than this one"
        zh "{path} 由 glassnet {version} 写入，比本程序更新"
    Damaged { path: String, why: String }
        en "{path} is no whole answer of glassnet reach: {why}"
        zh "{path} 不是 glassnet reach 的完整结果：{why}"
}
