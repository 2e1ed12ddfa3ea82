//! `/etc/hosts` (`hosts(5)`).

use std::net::IpAddr;

/// The addresses of a name, in the order of the lines.
pub(super) fn addresses(text: &str, name: &str) -> Vec<IpAddr> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let found = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_address_and_many_names() {
        let text = "127.0.0.1 localhost\n10.0.0.7\tdb DB.example # db2\n#10.0.0.8 db\nfd00::7 db\n";
        let find = |name| addresses(text, name);
        assert_eq!(find("db"), ["10.0.0.7", "fd00::7"].map(|a| a.parse::<IpAddr>().unwrap()));
        assert_eq!(find("db.EXAMPLE."), ["10.0.0.7".parse::<IpAddr>().unwrap()]);
        assert!(find("db2").is_empty());
    }
}
