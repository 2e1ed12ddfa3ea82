//! From what was typed to a namespace, and perhaps one link in it.
//!
//! `web`, `pod:default/web`, `eth0@web`, `/run/netns/web`, a process's number, `eth0` for a link of this
//! machine. A name may be shortened to what follows its last slashes, if that is clear.

use super::{Kind, Name, Namespace, Places, inode};
use std::path::PathBuf;

/// One of the places that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) inode: u64,
    pub(crate) name: String,
    pub(crate) link: Option<String>,
}

/// Why there is no such place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// Nobody bears the name; those there are.
    Unknown { name: String, known: Vec<String> },
    /// Several bear it: as each of them can be told from the others.
    Unclear { name: String, any: Vec<String> },
}

impl Places {
    /// What one word means. `is_link` tells whether this machine has a link of that name.
    pub(crate) fn find(
        &self,
        word: &str,
        is_link: impl Fn(&str) -> bool,
    ) -> Result<Wanted, NoPlace> {
        let (link, name) = match word.split_once('@') {
            Some((link, name)) => (Some(link.to_owned()), name),
            None => (None, word),
        };
        let found = self.bearing(name);
        match &found[..] {
            [(namespace, name)] => {
                Ok(Wanted { inode: namespace.inode, name: (*name).to_owned(), link })
            }
            [] if link.is_none() && is_link(name) => {
                let host = self
                    .0
                    .iter()
                    .find(|namespace| namespace.names.iter().any(|name| name.kind == Kind::Host));
                let unknown = || NoPlace::Unknown { name: name.to_owned(), known: self.known() };
                let host = host.ok_or_else(unknown)?;
                Ok(Wanted {
                    inode: host.inode,
                    name: "host".to_owned(),
                    link: Some(name.to_owned()),
                })
            }
            [] => Err(NoPlace::Unknown { name: name.to_owned(), known: self.known() }),
            several => {
                let any = several.iter().map(|(namespace, _)| namespace.names[0].to_string());
                Err(NoPlace::Unclear { name: name.to_owned(), any: any.collect() })
            }
        }
    }

    /// The namespaces that are called so, each with the name that fits: wholly, else at its end.
    fn bearing<'a>(&'a self, wanted: &'a str) -> Vec<(&'a Namespace, &'a str)> {
        if wanted.starts_with('/') || wanted.bytes().all(|byte| byte.is_ascii_digit()) {
            let path = match wanted.starts_with('/') {
                true => PathBuf::from(wanted),
                false => format!("/proc/{wanted}/ns/net").into(),
            };
            let inode = inode(&path);
            let found = self.0.iter().find(|namespace| Some(namespace.inode) == inode);
            return found.map(|found| (found, &found.names[0].name[..])).into_iter().collect();
        }
        let (kind, name) = match wanted.split_once(':') {
            Some((word, name)) if Kind::ALL.iter().any(|kind| kind.word() == word) => {
                (Some(word), name)
            }
            _ => (None, wanted),
        };
        let of_kind = |name: &&Name| kind.is_none_or(|word| name.kind.word() == word);
        let all = |fits: &dyn Fn(&str) -> bool| {
            let found = self.0.iter().filter_map(|namespace| {
                let mut names = namespace.names.iter().filter(of_kind);
                names.find(|its| fits(&its.name)).map(|its| (namespace, &its.name[..]))
            });
            found.collect::<Vec<_>>()
        };
        let whole = all(&|its| its == name);
        if !whole.is_empty() {
            return whole;
        }
        all(&|its| its.strip_suffix(name).is_some_and(|before| before.ends_with('/')))
    }

    fn known(&self) -> Vec<String> {
        let mut known: Vec<_> =
            self.0.iter().map(|namespace| namespace.names[0].to_string()).collect();
        known.sort();
        known
    }
}
