//! A table from the kernel (`IPT_SO_GET_INFO`, `IPT_SO_GET_ENTRIES`; those of IPv6 have the same numbers
//! at their own level).

use crate::xt::Info;
use crate::{Error, Result};
use model::net::Family;
use nix::errno::Errno;
use nix::libc;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

const GET_INFO: libc::c_int = 64;
const GET_ENTRIES: libc::c_int = 65;
/// `XT_TABLE_MAXNAMELEN`.
const NAME: usize = 32;
/// `struct ipt_getinfo`, and `struct ipt_get_entries` without the entries.
const INFO: usize = 84;
const HEADER: usize = 40;
/// How often a table that is replaced between the two questions is asked for.
const TRIES: u32 = 10;

/// A table as the kernel has it.
pub(super) struct Blob {
    pub(super) family: Family,
    pub(super) name: String,
    /// A bit for each hook that the table has.
    pub(super) hooks: u32,
    /// Offsets of each hook's first entry and of its policy.
    pub(super) begins: [usize; 5],
    pub(super) ends: [usize; 5],
    pub(super) entries: Vec<u8>,
}

/// The table of the thread's namespace; `None` if it has gone meanwhile.
pub(super) fn table(family: Family, name: &str) -> Result<Option<Blob>> {
    let subject = format!("table {name} of {family}");
    let refused = |error: io::Error| Error::io(format!("read {subject}"))(error);
    if name.len() >= NAME {
        return Err(Error::Unfit { subject, why: "its name is too long".to_owned() });
    }
    let (domain, level) = match family {
        Family::V4 => (AddressFamily::INET, libc::IPPROTO_IP),
        Family::V6 => (AddressFamily::INET6, libc::IPPROTO_IPV6),
    };
    // Any socket of the family will do.
    let socket = socket_with(domain, SocketType::DGRAM, SocketFlags::CLOEXEC, None)
        .map_err(|error| refused(error.into()))?;
    for _ in 0..TRIES {
        let mut info = vec![0; INFO];
        info[..name.len()].copy_from_slice(name.as_bytes());
        if let Err(error) = get(socket.as_fd(), level, GET_INFO, &mut info) {
            return if is(&error, Errno::ENOENT) { Ok(None) } else { Err(refused(error)) };
        }
        let told = Info { family, bytes: &info };
        let size = number(told, 80)?;
        let mut entries = vec![0; HEADER + size];
        entries[..name.len()].copy_from_slice(name.as_bytes());
        entries[NAME..NAME + 4].copy_from_slice(&info[80..84]);
        match get(socket.as_fd(), level, GET_ENTRIES, &mut entries) {
            Err(error) if is(&error, Errno::EAGAIN) || is(&error, Errno::EINVAL) => continue,
            Err(error) => return Err(refused(error)),
            Ok(()) => {}
        }
        let five = |at: usize| -> Result<[usize; 5]> {
            let mut offsets = [0; 5];
            for (hook, offset) in offsets.iter_mut().enumerate() {
                *offset = number(told, at + hook * 4)?;
            }
            Ok(offsets)
        };
        return Ok(Some(Blob {
            family,
            name: name.to_owned(),
            hooks: u32::try_from(number(told, 32)?).unwrap_or_default(),
            begins: five(36)?,
            ends: five(56)?,
            entries: entries.split_off(HEADER),
        }));
    }
    Err(Error::Unsteady { what: subject, tries: TRIES })
}

fn number(info: Info<'_>, at: usize) -> Result<usize> {
    let number = info.u32(at).map(|number| number as usize);
    number.map_err(|why| Error::Malformed { what: "a table of iptables".to_owned(), why })
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno as i32)
}

/// Has the kernel fill `value`, which also says what is asked for.
#[allow(unsafe_code)]
fn get(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    option: libc::c_int,
    value: &mut [u8],
) -> io::Result<()> {
    let too_long = |_| io::Error::from_raw_os_error(libc::EINVAL);
    let mut length = libc::socklen_t::try_from(value.len()).map_err(too_long)?;
    // SAFETY: the kernel reads and writes at most `length` bytes at the pointer, which are the slice's,
    // and the length; any bytes are values of the slice. The descriptor is open while borrowed.
    let got = unsafe {
        let value = value.as_mut_ptr().cast();
        libc::getsockopt(socket.as_raw_fd(), level, option, value, &raw mut length)
    };
    if got == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
