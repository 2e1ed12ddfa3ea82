//! A configuration's bytes as JSON. No more is read than any configuration needs, nesting ends at
//! serde_json's own limit (128), and a key that is there twice is refused: plugins of a chain
//! might read one each.

use super::refusal::Refusal;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::io::Read;

/// Longest configuration in bytes. A `prevResult` with 1,000 interfaces has about 100 KB.
pub(super) const LONGEST: u64 = 1 << 20;

pub(super) fn read(input: &mut dyn Read) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(4096);
    let read = input.take(LONGEST + 1).read_to_end(&mut bytes);
    let read = read.map_err(|error| Refusal::Input(error.to_string()))?;
    if read as u64 > LONGEST { Err(Refusal::TooLong) } else { Ok(bytes) }
}

pub(super) fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    if bytes.trim_ascii().is_empty() {
        return Err(Refusal::NotJson("nothing came on standard input".to_owned()));
    }
    let document = serde_json::from_slice::<Document>(bytes);
    document.map(|document| document.0).map_err(|error| Refusal::NotJson(error.to_string()))
}

/// Any JSON without a key that is there twice in one object.
struct Document(Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Document(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                let key: String = key.chars().take(100).collect();
                return Err(A::Error::custom(format_args!("the key {key:?} is there twice")));
            }
            object.insert(key, entries.next_value::<Document>()?.0);
        }
        Ok(Value::Object(object))
    }
}
