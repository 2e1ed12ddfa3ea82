//! The published schema says what `shape` reads, key for key.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

use crate::file::schema;
use crate::file::shape::{
    ContainerShape, EtcdOptions, LabFile, LinkShape, MachineShape, NetworkShape, RouteShape,
    SwitchShape,
};

/// A reader that reads nothing: it only learns which keys were asked for.
struct Asked;

#[derive(Debug)]
struct Keys(BTreeSet<String>);

impl<'de> Deserializer<'de> for Asked {
    type Error = Keys;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Keys> {
        Err(Keys::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Keys> {
        Err(Keys(fields.iter().map(|&field| field.to_owned()).collect()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl std::error::Error for Keys {}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl serde::de::Error for Keys {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(BTreeSet::from([text.to_string()]))
    }
}

fn keys<'de, T: Deserialize<'de>>() -> BTreeSet<String> {
    match T::deserialize(Asked) {
        Err(Keys(keys)) => keys,
        Ok(_) => BTreeSet::new(),
    }
}

#[test]
fn the_schema_has_the_keys_that_are_read() {
    let schema: serde_json::Value = serde_json::from_str(schema()).unwrap();
    let read = [
        ("LabFile", keys::<LabFile>()),
        ("SwitchShape", keys::<SwitchShape>()),
        ("MachineShape", keys::<MachineShape>()),
        ("LinkShape", keys::<LinkShape>()),
        ("RouteShape", keys::<RouteShape>()),
        ("NetworkShape", keys::<NetworkShape>()),
        ("ContainerShape", keys::<ContainerShape>()),
        ("EtcdOptions", keys::<EtcdOptions>()),
    ];
    for (name, read) in read {
        let published = &schema["$defs"][name];
        assert_eq!(published["additionalProperties"], false, "{name}");
        let published: BTreeSet<String> =
            published["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(published, read, "{name}");
    }
}

/// A key the schema requires is one without which the file is refused.
#[test]
fn what_the_schema_requires_is_required() {
    let schema: serde_json::Value = serde_json::from_str(schema()).unwrap();
    for (name, without) in [
        ("LabFile", "hosts: {}"),
        ("LinkShape", "lab: x\nhosts: { a: { links: { eth0: {} } } }"),
        ("RouteShape", "lab: x\nhosts: { a: { routes: [{}] } }"),
    ] {
        let first = schema["$defs"][name]["required"][0].as_str().unwrap();
        let report = crate::file::parse("x.yaml", without).unwrap_err().to_string();
        assert!(report.contains(&format!("missing field `{first}`")), "{report}");
    }
}
