//! A set of the kernel's objects, each found by its key. Serialised as a plain list.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fmt;

/// An object that the kernel finds by part of itself.
pub trait Keyed {
    type Key: Ord + Clone;

    /// What tells this object from its siblings in one namespace.
    fn key(&self) -> Self::Key;
}

/// Objects by their key, in the order of the keys.
pub struct Table<T: Keyed>(BTreeMap<T::Key, T>);

impl<T: Keyed> Table<T> {
    /// Puts the object in, in the place of one with the same key.
    pub fn insert(&mut self, object: T) -> Option<T> {
        self.0.insert(object.key(), object)
    }

    pub fn get(&self, key: &T::Key) -> Option<&T> {
        self.0.get(key)
    }

    pub fn get_mut(&mut self, key: &T::Key) -> Option<&mut T> {
        self.0.get_mut(key)
    }

    pub fn remove(&mut self, key: &T::Key) -> Option<T> {
        self.0.remove(key)
    }

    pub fn contains(&self, key: &T::Key) -> bool {
        self.0.contains_key(key)
    }

    pub fn iter(&self) -> btree_map::Values<'_, T::Key, T> {
        self.0.values()
    }

    pub fn keys(&self) -> btree_map::Keys<'_, T::Key, T> {
        self.0.keys()
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.0.retain(|_, object| keep(object));
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Keyed> Default for Table<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Keyed + Clone> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Keyed + PartialEq> PartialEq for Table<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.iter().eq(other.iter())
    }
}

impl<T: Keyed + Eq> Eq for Table<T> {}

impl<T: Keyed + fmt::Debug> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Keyed> FromIterator<T> for Table<T> {
    fn from_iter<I: IntoIterator<Item = T>>(objects: I) -> Self {
        Self(objects.into_iter().map(|object| (object.key(), object)).collect())
    }
}

impl<T: Keyed> Extend<T> for Table<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, objects: I) {
        self.0.extend(objects.into_iter().map(|object| (object.key(), object)));
    }
}

impl<T: Keyed> IntoIterator for Table<T> {
    type Item = T;
    type IntoIter = btree_map::IntoValues<T::Key, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_values()
    }
}

impl<'a, T: Keyed> IntoIterator for &'a Table<T> {
    type Item = &'a T;
    type IntoIter = btree_map::Values<'a, T::Key, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Keyed + Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Keyed + Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<T>::deserialize(deserializer).map(Self::from_iter)
    }
}
