//! From what was typed to a namespace, and perhaps one link in it.
//!
//! `web`, `pod:default/web`, `eth0@web`, `/run/netns/web`, a process's number, `eth0` for a link of this
//! machine. A name may be shortened to what follows its last slashes, if that is clear.

use super::{Kind, Name, Places, inode};
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

/// Namespaces by their inode numbers, each with its names: found just now, or kept in a file.
pub(crate) struct Called<'a>(Vec<(u64, &'a [Name])>);

impl<'a> FromIterator<(u64, &'a [Name])> for Called<'a> {
    fn from_iter<T: IntoIterator<Item = (u64, &'a [Name])>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}

impl Places {
    /// What one word means. `is_link` tells whether this machine has a link of that name.
    pub(crate) fn find(
        &self,
        word: &str,
        is_link: impl Fn(&str) -> bool,
    ) -> Result<Wanted, NoPlace> {
        let called: Called<'_> =
            self.0.iter().map(|found| (found.inode, &found.names[..])).collect();
        called.find(word, leads_to, is_link)
    }
}

/// The namespace that a path, or the number of a process, leads to now.
pub(crate) fn leads_to(word: &str) -> Option<u64> {
    let path = match word.starts_with('/') {
        true => PathBuf::from(word),
        false => format!("/proc/{word}/ns/net").into(),
    };
    inode(&path)
}

impl<'a> Called<'a> {
    /// What one word means; `leads_to` tells of a path or a number.
    pub(crate) fn find(
        &self,
        word: &str,
        leads_to: impl Fn(&str) -> Option<u64>,
        is_link: impl Fn(&str) -> bool,
    ) -> Result<Wanted, NoPlace> {
        let (link, name) = match word.split_once('@') {
            Some((link, name)) => (Some(link.to_owned()), name),
            None => (None, word),
        };
        let found = self.bearing(name, leads_to);
        match &found[..] {
            [(inode, name, _)] => Ok(Wanted { inode: *inode, name: (*name).to_owned(), link }),
            [] if link.is_none() && is_link(name) => {
                let mut all = self.0.iter();
                let host = all.find(|(_, names)| names.iter().any(|name| name.kind == Kind::Host));
                let unknown = || NoPlace::Unknown { name: name.to_owned(), known: self.known() };
                let (inode, _) = host.ok_or_else(unknown)?;
                let (name, link) = ("host".to_owned(), Some(name.to_owned()));
                Ok(Wanted { inode: *inode, name, link })
            }
            [] => Err(NoPlace::Unknown { name: name.to_owned(), known: self.known() }),
            several => {
                let any = several.iter().map(|(_, _, best)| best.to_string());
                Err(NoPlace::Unclear { name: name.to_owned(), any: any.collect() })
            }
        }
    }

    /// The namespaces that are called so, each with the name that fits, wholly, else at its end, and
    /// with its best name.
    fn bearing<'s>(
        &self,
        wanted: &'s str,
        leads_to: impl Fn(&str) -> Option<u64>,
    ) -> Vec<(u64, &'s str, &'a Name)>
    where
        'a: 's,
    {
        if wanted.starts_with('/') || wanted.bytes().all(|byte| byte.is_ascii_digit()) {
            let inode = leads_to(wanted);
            let found = self.0.iter().find(|(number, _)| Some(*number) == inode);
            let best = found.and_then(|(inode, names)| Some((*inode, names.first()?)));
            return best.map(|(inode, best)| (inode, &best.name[..], best)).into_iter().collect();
        }
        let (kind, name) = match wanted.split_once(':') {
            Some((word, name)) if Kind::ALL.iter().any(|kind| kind.word() == word) => {
                (Some(word), name)
            }
            _ => (None, wanted),
        };
        let of_kind = |name: &&Name| kind.is_none_or(|word| name.kind.word() == word);
        let all = |fits: &dyn Fn(&str) -> bool| {
            let found = self.0.iter().filter_map(|(inode, names)| {
                let its = names.iter().filter(of_kind).find(|its| fits(&its.name))?;
                Some((*inode, &its.name[..], names.first()?))
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
        let best = self.0.iter().filter_map(|(_, names)| names.first());
        let mut known: Vec<_> = best.map(Name::to_string).collect();
        known.sort();
        known
    }
}
