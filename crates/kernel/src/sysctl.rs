//! Settings below `/proc/sys`, of the namespace that the thread is in.

use crate::{Error, Result};
use nix::errno::Errno;
use std::io;

const ROOT: &str = "/proc/sys";

/// The value without its closing newline.
pub(crate) fn read(path: &str) -> Result<String> {
    let file = file(path)?;
    let mut value = std::fs::read_to_string(&file).map_err(Error::io(format!("read {file}")))?;
    value.truncate(value.trim_end_matches('\n').len());
    Ok(value)
}

/// The value, or `None` where the kernel has no such setting.
pub(crate) fn read_if_there(path: &str) -> Result<Option<String>> {
    match read(path) {
        Err(Error::Io { source, .. }) if is_missing(&source) => Ok(None),
        other => other.map(Some),
    }
}

fn is_missing(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ENOENT as i32)
}

pub(crate) fn write(path: &str, value: &str) -> Result<()> {
    let file = file(path)?;
    std::fs::write(&file, value).map_err(Error::io(format!("write \"{value}\" to {file}")))
}

/// The file of a setting. Every part must be a plain name: what leads out of `/proc/sys` is
/// refused.
fn file(path: &str) -> Result<String> {
    if path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains('\0') {
        return Ok(format!("{ROOT}/{path}"));
    }
    let why = "it is not a path below /proc/sys".to_owned();
    Err(Error::Unfit { subject: format!("sysctl \"{path}\""), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netns::within;
    use crate::testing::Place;
    use std::os::fd::AsFd;

    #[test]
    fn nothing_leads_out_of_proc_sys() {
        for path in ["", "/etc/passwd", "net/../../etc/passwd", "net//ipv4", "net/.", "net/", ".."]
        {
            assert!(matches!(file(path), Err(Error::Unfit { .. })), "{path}");
        }
        let dotted = file("net/ipv4/conf/a.1/rp_filter").unwrap();
        assert_eq!(dotted, "/proc/sys/net/ipv4/conf/a.1/rp_filter");
    }

    #[test]
    fn values_belong_to_the_namespace() {
        let place = Place::new();
        let path = "net/ipv4/ip_forward";
        let home = read(path).unwrap();
        within(place.namespace.as_fd(), || {
            let other = if read(path).unwrap() == "0" { "1" } else { "0" };
            write(path, other).unwrap();
            assert_eq!(read(path).unwrap(), other);
            assert_eq!(read_if_there("net/ipv4/no_such_thing").unwrap(), None);
            assert!(write(path, "x").is_err());
        })
        .unwrap();
        assert_eq!(read(path).unwrap(), home);
    }
}
