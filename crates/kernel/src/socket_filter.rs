//! A classic BPF program on a socket: the kernel asks it of each packet how many bytes to keep, none
//! to drop it (`SO_ATTACH_FILTER` in `socket(7)`, `net/core/filter.c`).

use nix::libc;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};

/// Puts the program on the socket, in place of one that was there. The kernel checks it.
#[allow(unsafe_code)]
pub(crate) fn attach(socket: BorrowedFd<'_>, program: &[libc::sock_filter]) -> io::Result<()> {
    let too_long = |_| io::Error::from_raw_os_error(libc::EINVAL);
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(too_long)?,
        filter: program.as_ptr().cast_mut(),
    };
    let size = libc::socklen_t::try_from(size_of_val(&program)).unwrap_or_default();
    // SAFETY: the option's value is a `sock_fprog` of that size, which names as many instructions as
    // the slice has; the kernel copies them within the call and writes to neither. The descriptor is
    // open while borrowed.
    let set = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            std::ptr::from_ref(&program).cast(),
            size,
        )
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
