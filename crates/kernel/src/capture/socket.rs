//! The calls of a packet socket (`packet(7)`). Those that have no safe form elsewhere are here.

use super::ring::Shape;
use crate::{Error, Result};
use nix::libc::{self, c_int};
use rustix::net::sockopt::socket_error;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Socket(OwnedFd);

impl Socket {
    /// Opens a socket in the namespace the thread is in. It hears nothing until it is bound.
    pub(super) fn open() -> Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None);
        let socket = socket.map(Self).map_err(Error::io(
            "open a packet socket (it takes CAP_NET_RAW in the user namespace that owns the network \
             namespace)",
        ))?;
        let version = libc::tpacket_versions::TPACKET_V3 as c_int;
        socket
            .set(libc::PACKET_VERSION, &version)
            .map_err(Error::io("have a ring of blocks on a packet socket"))?;
        Ok(socket)
    }

    /// Asks for a ring, whose blocks the kernel hands over when they are full or after a while.
    pub(super) fn make_ring(&self, shape: Shape, patience: Duration) -> io::Result<()> {
        let too_large = |_| io::Error::from_raw_os_error(libc::ENOMEM);
        let block = u32::try_from(shape.block).map_err(too_large)?;
        let blocks = u32::try_from(shape.blocks).map_err(too_large)?;
        // None would leave the time to the kernel.
        let patience = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX).max(1);
        let ring = libc::tpacket_req3 {
            tp_block_size: block,
            tp_block_nr: blocks,
            // Packets take as much as they need; of these two only the product is looked at.
            tp_frame_size: block,
            tp_frame_nr: blocks,
            tp_retire_blk_tov: patience.min(c_int::MAX as u32),
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        self.set(libc::PACKET_RX_RING, &ring)
    }

    /// Gives the ring's memory back; it must not be mapped.
    pub(super) fn drop_ring(&self) {
        let none = libc::tpacket_req3 {
            tp_block_size: 0,
            tp_block_nr: 0,
            tp_frame_size: 0,
            tp_frame_nr: 0,
            tp_retire_blk_tov: 0,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        // If it fails, so will the next ring, with words.
        let _ = self.set(libc::PACKET_RX_RING, &none);
    }

    /// Has the link take in packets for other stations.
    pub(super) fn hear_others(&self, link: u32) -> Result<()> {
        let request = libc::packet_mreq {
            mr_ifindex: link.cast_signed(),
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        self.set(libc::PACKET_ADD_MEMBERSHIP, &request)
            .map_err(Error::io(format!("have link {link} take in packets for others")))
    }

    /// Begins to hear all protocols, on a link or on all.
    #[allow(unsafe_code)]
    pub(super) fn bind(&self, link: Option<u32>) -> Result<()> {
        let which = link.map_or_else(|| "all links".to_owned(), |link| format!("link {link}"));
        let refused = Error::io(format!("capture on {which}"));
        if link == Some(0) {
            // No link has this number: it means all of them.
            return Err(refused(io::Error::from_raw_os_error(libc::ENODEV)));
        }
        let address = libc::sockaddr_ll {
            sll_family: libc::AF_PACKET as u16,
            sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
            sll_ifindex: link.unwrap_or(0).cast_signed(),
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 0,
            sll_addr: [0; 8],
        };
        // SAFETY: the address is a `sockaddr_ll` of the size given, which the kernel reads within the
        // call; the descriptor is open.
        let bound = unsafe {
            let address = std::ptr::from_ref(&address).cast();
            libc::bind(self.0.as_raw_fd(), address, size::<libc::sockaddr_ll>())
        };
        done(bound).map_err(refused)
    }

    /// Takes the error that waits to be told. A link that went down is none: it may come up again.
    pub(super) fn take_error(&self) -> Result<()> {
        match socket_error(&self.0).and_then(|waiting| waiting) {
            Ok(()) | Err(rustix::io::Errno::NETDOWN) => Ok(()),
            Err(error) => Err(Error::io("capture on a packet socket")(error)),
        }
    }

    /// Whether the link it was bound to is gone: the kernel then binds it to none
    /// (`packet_notifier`).
    #[allow(unsafe_code)]
    pub(super) fn is_loose(&self) -> Result<bool> {
        let mut address = MaybeUninit::<libc::sockaddr_ll>::zeroed();
        let mut length = size::<libc::sockaddr_ll>();
        // SAFETY: the kernel writes at most as many bytes as the address has, and the length.
        let told = unsafe {
            libc::getsockname(self.0.as_raw_fd(), address.as_mut_ptr().cast(), &raw mut length)
        };
        done(told).map_err(Error::io("ask which link a packet socket is bound to"))?;
        // SAFETY: it is made of integers, which were zero before.
        Ok(unsafe { address.assume_init() }.sll_ifindex < 0)
    }

    /// Packets that passed the filter, with those lost, and the lost ones, since the last look.
    #[allow(unsafe_code)]
    pub(super) fn take_counts(&self) -> Result<(u32, u32)> {
        let mut counts = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
        let mut length = size::<libc::tpacket_stats_v3>();
        // SAFETY: the kernel writes at most as many bytes as the counts have, and the length.
        let told = unsafe {
            libc::getsockopt(
                self.0.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut counts).cast(),
                &raw mut length,
            )
        };
        done(told).map_err(Error::io("read the counters of a packet socket"))?;
        Ok((counts.tp_packets, counts.tp_drops))
    }

    /// Sets an option whose value has the kernel's layout.
    #[allow(unsafe_code)]
    fn set<T>(&self, option: c_int, value: &T) -> io::Result<()> {
        // SAFETY: the kernel reads the value, of the size given, within the call; the descriptor is
        // open.
        done(unsafe {
            libc::setsockopt(
                self.0.as_raw_fd(),
                libc::SOL_PACKET,
                option,
                std::ptr::from_ref(value).cast(),
                size::<T>(),
            )
        })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn done(returned: c_int) -> io::Result<()> {
    if returned == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn size<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or_default()
}
