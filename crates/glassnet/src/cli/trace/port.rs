//! A port that the kernel might choose for a sender that asks for none.

use model::host::NamespaceId;
use model::path::{Part, Source};

const RANGE: &str = "net/ipv4/ip_local_port_range";
/// What that is by itself.
const USUAL: (u16, u16) = (32_768, 60_999);

/// From the midst of the range that it chooses from (`inet_get_local_port_range`, for IPv6 as well).
pub(super) fn likely(source: &mut dyn Source<'_>, of: &NamespaceId) -> u16 {
    let read = source.read(of, &Part::Sysctl(RANGE.to_owned())).ok();
    let range = read.and_then(|read| bounds(&read.sysctls.get(&RANGE.to_owned())?.value));
    let (first, last) = range.unwrap_or(USUAL);
    first.midpoint(last)
}

fn bounds(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once(char::is_whitespace)?;
    Some((first.parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_numbers() {
        assert_eq!(bounds("32768\t60999"), Some(USUAL));
        assert_eq!(bounds("1024 65535"), Some((1024, 65535)));
        assert_eq!(bounds(""), None);
    }
}
