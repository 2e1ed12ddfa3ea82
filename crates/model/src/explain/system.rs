//! What the operating system says when it cannot: the usual cases in the reader's language, the
//! others as it says them.

use super::say::sentences;
use std::io;

sentences! {
    /// Why the system did not do what was asked of it.
    enum SystemFault;
    Missing en "No such file or directory" zh "没有这个文件或目录"
    Forbidden en "Permission denied" zh "没有权限"
    Directory en "Is a directory" zh "这是一个目录"
    NoDirectory en "Not a directory" zh "路径中有一部分不是目录"
    ReadOnly en "Read-only file system" zh "文件系统是只读的"
    Full en "No space left on device" zh "设备上没有剩余空间"
    Other { why: String } en "{why}" zh "{why}"
}

impl From<&io::Error> for SystemFault {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            // What a library says in its own words is kept.
            _ if error.raw_os_error().is_none() => Self::Other { why: error.to_string() },
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Forbidden,
            io::ErrorKind::IsADirectory => Self::Directory,
            io::ErrorKind::NotADirectory => Self::NoDirectory,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::StorageFull => Self::Full,
            _ => Self::Other { why: error.to_string() },
        }
    }
}
