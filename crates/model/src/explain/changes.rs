//! What is wrong with a change that was asked for in "what if".

use super::say::sentences;

sentences! {
    /// Why a change cannot be tried.
    enum ChangeFault;
    TooShort en "something is missing at the end" zh "末尾缺少内容"
    TooMuch { word: String } en "\"{word}\" was not expected" zh "多余的“{word}”"
    Unexpected { word: String, wanted: String }
        en "\"{word}\" is not what was expected: {wanted}"
        zh "“{word}”不符合要求，应为：{wanted}"
    NoValue { word: String } en "\"{word}\" needs a value" zh "“{word}”需要一个值"
    NoColon
        en "after \"in NAMESPACE\" comes a colon and a space"
        zh "“in 命名空间”之后应为冒号和空格"
    NoPlace { name: String } en "there is no namespace {name}" zh "没有命名空间 {name}"
    Unknown { words: String }
        en "\"{words}\" cannot be tried; what can: add or delete a route, rule, address, neighbour, fdb entry, link or table, set link, sysctl or policy, flush chain or connections"
        zh "无法尝试“{words}”；可以尝试的有：add 或 delete route、rule、address、neighbour、fdb、link、table，set link、sysctl、policy，flush chain、connections"
    Unread { change: String, why: String }
        en "\"{change}\": what it would change cannot be read: {why}"
        zh "“{change}”：要改变的内容无法读取：{why}"
    Nothing { change: String }
        en "\"{change}\": there is nothing of that to change, or it is so already"
        zh "“{change}”：没有可改变的内容，或已经如此"
}
