//! The keys of a lab file and the kinds of their values, as serde reads them.
//!
//! Values that need more than a kind (addresses, names, port numbers in text)
//! stay text here, with their place, so that `check` can report all of them.
//! A change here is a change of `schema.json`.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

pub(super) type Text = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabFile {
    pub(super) lab: Text,
    #[serde(default)]
    pub(super) switches: Entries<Option<SwitchShape>>,
    #[serde(default)]
    pub(super) hosts: Entries<MachineShape>,
    #[serde(default)]
    pub(super) routers: Entries<MachineShape>,
    pub(super) store: Option<Text>,
    #[serde(default)]
    pub(super) networks: Entries<NetworkShape>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchShape {
    pub(super) mtu: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) subnet: Many,
    #[serde(default)]
    pub(super) drop: Many,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MachineShape {
    #[serde(default)]
    pub(super) links: Entries<LinkShape>,
    #[serde(default)]
    pub(super) gateway: Many,
    #[serde(default)]
    pub(super) routes: Vec<RouteShape>,
    pub(super) node: Option<bool>,
    pub(super) bridge_nf_call: Option<Spanned<u8>>,
    #[serde(default)]
    pub(super) sysctls: Entries<Text>,
    #[serde(default)]
    pub(super) serve: Many,
    #[serde(default)]
    pub(super) networks: Entries<NetworkShape>,
    #[serde(default)]
    pub(super) containers: Entries<Option<ContainerShape>>,
    pub(super) etcd: Option<EtcdShape>,
    pub(super) underlay: Option<Text>,
    #[serde(default)]
    pub(super) drop: Many,
    pub(super) silent: Option<Spanned<bool>>,
}

/// `true`, `false`, or what it is to be like.
#[derive(Debug)]
pub(super) enum EtcdShape {
    Runs(bool),
    With(EtcdOptions),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EtcdOptions {
    pub(super) tls: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkShape {
    pub(super) to: Text,
    #[serde(default)]
    pub(super) address: Many,
    pub(super) mtu: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteShape {
    pub(super) to: Text,
    pub(super) via: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetworkShape {
    #[serde(default)]
    pub(super) subnet: Many,
    pub(super) mtu: Option<Spanned<u32>>,
    pub(super) backend: Option<Text>,
    pub(super) port: Option<Spanned<u32>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContainerShape {
    pub(super) network: Option<Text>,
    #[serde(default)]
    pub(super) address: Many,
    #[serde(default)]
    pub(super) publish: Many,
    #[serde(default)]
    pub(super) command: Vec<String>,
    #[serde(default)]
    pub(super) serve: Many,
}

/// A map in the order of the file, each key with its place.
#[derive(Debug)]
pub(super) struct Entries<V>(pub(super) Vec<(Text, V)>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Entries<V> {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|(name, _)| name.value.as_str())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Read<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names, each with a colon and what belongs to it")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Read(PhantomData))
    }
}

impl<'de> Deserialize<'de> for EtcdShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = EtcdShape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or { tls: true }")
            }

            fn visit_bool<E>(self, runs: bool) -> Result<Self::Value, E> {
                Ok(EtcdShape::Runs(runs))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
                EtcdOptions::deserialize(MapAccessDeserializer::new(map)).map(EtcdShape::With)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// One text, or a list of them, each with its place.
#[derive(Debug, Default)]
pub(super) struct Many(pub(super) Vec<Text>);

impl<'de> Deserialize<'de> for Many {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Spanned::<OneOrList>::deserialize(deserializer)?;
        Ok(Self(match read.value {
            OneOrList::One(text) => vec![Spanned::new(text, read.referenced, read.defined)],
            OneOrList::List(texts) => texts,
        }))
    }
}

enum OneOrList {
    One(String),
    List(Vec<Text>),
}

impl<'de> Deserialize<'de> for OneOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = OneOrList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(OneOrList::One(text.to_owned()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(OneOrList::One(number.to_string()))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrList::List(texts))
            }
        }
        deserializer.deserialize_any(Read)
    }
}
