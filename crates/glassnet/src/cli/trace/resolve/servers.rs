//! `/etc/resolv.conf` (`resolv.conf(5)`): whom to ask, and for which names.

use std::net::IpAddr;

/// `MAXNS` and `MAXDNSRCH` of the C library; later ones are not looked at.
const MOST_SERVERS: usize = 3;
const MOST_DOMAINS: usize = 6;
/// `RES_MAXNDOTS`.
const MOST_DOTS: usize = 15;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Configuration {
    pub(super) servers: Vec<IpAddr>,
    search: Vec<String>,
    dots: usize,
}

impl Configuration {
    /// What is not understood is passed over. A server whose address needs a link (`fe80::1%eth0`) is not
    /// asked.
    pub(super) fn parse(text: &str) -> Self {
        let (mut servers, mut search, mut dots) = (Vec::new(), Vec::new(), 1);
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    servers.extend(words.next().and_then(|one| one.parse::<IpAddr>().ok()));
                }
                // The last of these lines counts.
                Some("search") => search = words.map(str::to_owned).collect(),
                Some("domain") => search = words.next().map(str::to_owned).into_iter().collect(),
                Some("options") => {
                    let mut said =
                        words.filter_map(|word| word.strip_prefix("ndots:")?.parse().ok());
                    dots = said.next_back().unwrap_or(dots).min(MOST_DOTS);
                }
                _ => {}
            }
        }
        servers.truncate(MOST_SERVERS);
        search.truncate(MOST_DOMAINS);
        Self { servers, search, dots }
    }

    /// The names that are asked for in turn: a name with enough dots as it is first, any other last.
    pub(super) fn names(&self, name: &str) -> Vec<String> {
        if let Some(whole) = name.strip_suffix('.') {
            return vec![whole.to_owned()];
        }
        let plain = |domain: &&String| !domain.is_empty() && *domain != ".";
        let within = self.search.iter().filter(plain);
        let within = within.map(|domain| format!("{name}.{}", domain.trim_end_matches('.')));
        let mut names: Vec<String> = within.collect();
        let first = name.matches('.').count() >= self.dots;
        names.insert(if first { 0 } else { names.len() }, name.to_owned());
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pods_configuration() {
        let text = "search default.svc.cluster.local svc.cluster.local cluster.local\n\
                    nameserver 10.96.0.10\nnameserver fe80::1%eth0\n; a remark\noptions ndots:5\n";
        let read = Configuration::parse(text);
        assert_eq!(read.servers, ["10.96.0.10".parse::<IpAddr>().unwrap()]);
        let names = read.names("db");
        assert_eq!(names[0], "db.default.svc.cluster.local");
        assert_eq!((names.len(), names[3].as_str()), (4, "db"));
        assert_eq!(read.names("a.b.c.d.e.f")[0], "a.b.c.d.e.f");
        assert_eq!(read.names("db.example."), ["db.example"]);
    }

    #[test]
    fn without_a_search_list_a_name_is_asked_for_as_it_is() {
        assert_eq!(Configuration::parse("").names("db"), ["db"]);
        let read = Configuration::parse("domain a.example\nsearch b.example c.example");
        assert_eq!(read.names("db"), ["db.b.example", "db.c.example", "db"]);
        assert_eq!(read.names("db.x"), ["db.x", "db.x.b.example", "db.x.c.example"]);
    }
}
