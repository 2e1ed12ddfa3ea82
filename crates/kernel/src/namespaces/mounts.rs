//! Network namespaces in a table of mounts (`proc_pid_mountinfo(5)`, `show_mountinfo` in
//! `fs/proc_namespace.c`).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// Which field tells what is mounted, of those before the mount's path.
const WHAT: usize = 3;
/// How the kernel marks a path whose directory entry is no more.
const DELETED: &[u8] = b"//deleted";

/// The inode numbers and paths of the namespaces bound in the mount namespace of a process, as
/// `/proc` calls it.
pub(super) fn namespaces(process: &str) -> Vec<(u64, PathBuf)> {
    // Of a process that ended meanwhile there is nothing to read.
    let table = std::fs::read(format!("/proc/{process}/mountinfo")).unwrap_or_default();
    table.split(|byte| *byte == b'\n').filter_map(namespace).collect()
}

fn namespace(line: &[u8]) -> Option<(u64, PathBuf)> {
    let mut fields = line.split(|byte| *byte == b' ');
    // Of a file system with directories it would begin with a slash.
    let number = fields.nth(WHAT)?.strip_prefix(b"net:[")?.strip_suffix(b"]")?;
    let inode = str::from_utf8(number).ok()?.parse().ok()?;
    let path = fields.next().filter(|path| !path.ends_with(DELETED))?;
    Some((inode, PathBuf::from(OsString::from_vec(plain(path)))))
}

/// Undoes the kernel's way to write blanks and backslashes: `\040` (`mangle_path`).
fn plain(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, others)) = rest.split_first() {
        let octal = others.first_chunk::<3>().filter(|_| *first == b'\\').and_then(|digits| {
            let value = |value: u16, digit: &u8| match digit {
                b'0'..=b'7' => Some(value * 8 + u16::from(digit - b'0')),
                _ => None,
            };
            digits.iter().try_fold(0, value).and_then(|value| u8::try_from(value).ok())
        });
        plain.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { &others[3..] } else { others };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_namespaces_are_picked_out_of_the_mounts() {
        let seen = |line: &str| {
            namespace(line.as_bytes()).map(|(inode, path)| (inode, path.display().to_string()))
        };
        let found = |inode, path: &str| Some((inode, path.to_owned()));
        let line = |what: &str, path: &str| format!("36 25 0:4 {what} {path} rw - nsfs nsfs rw");
        assert_eq!(
            seen(&line("net:[4026532281]", "/run/netns/a")),
            found(4026532281, "/run/netns/a")
        );
        assert_eq!(seen(&line("net:[7]", "/a\\040b\\134c\\011\\012")), found(7, "/a b\\c\t\n"));
        // No escapes that the kernel writes.
        assert_eq!(seen(&line("net:[7]", "/a\\04")), found(7, "/a\\04"));
        assert_eq!(seen(&line("net:[7]", "/a\\777\\9")), found(7, "/a\\777\\9"));
        for (what, path) in [
            ("mnt:[7]", "/a"),
            ("/net:[7]", "/a"),
            ("net:[x]", "/a"),
            ("net:[7]", "/run/netns/a//deleted"),
        ] {
            assert_eq!(seen(&line(what, path)), None, "{what} {path}");
        }
        for cut in ["", "36", "36 25 0:4 net:[7]"] {
            assert_eq!(seen(cut), None, "{cut:?}");
        }
    }
}
