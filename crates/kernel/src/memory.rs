//! Memory that the process holds and does not use.

/// Gives back to the kernel what the allocator keeps for later (`malloc_trim(3)`): after many threads
/// at once, each with its arena, that is some ten megabytes. Takes a few milliseconds.
#[allow(unsafe_code)]
pub fn give_back() {
    // SAFETY: the call takes no pointer, and the allocator guards itself against other threads.
    unsafe { nix::libc::malloc_trim(0) };
}
