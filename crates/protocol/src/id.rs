//! Names of nodes, clients and services.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// How many bytes of a name an id has room for.
const SHORT: usize = 14;

/// The name of a node, client or service: `n0`, `c12`, `lin-kv`.
///
/// Cheap to clone. An id that begins with `c` is a client's.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeId(Name);

/// A name, in the first form if it fits. Nearly all do, and each message has several: to
/// count references to names would cost it more than to copy them.
#[derive(Clone, PartialEq, Eq)]
enum Name {
    /// Its length, and it with zeros behind.
    Short(u8, [u8; SHORT]),
    Long(Arc<String>),
}

impl NodeId {
    /// Makes an id from its name.
    pub fn new(name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        NodeId(Name::short(name).unwrap_or_else(|| Name::Long(Arc::new(name.to_owned()))))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // It came from a string, so it is UTF-8.
            Name::Short(..) => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Name::Long(name) => name,
        }
    }

    /// The name's bytes: cheaper than the name.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Name::Short(length, bytes) => &bytes[..usize::from(*length)],
            Name::Long(name) => name.as_bytes(),
        }
    }

    /// Whether this is a client's id, by Maelstrom's rule: it begins with `c`.
    pub fn is_client(&self) -> bool {
        self.as_bytes().first() == Some(&b'c')
    }
}

impl Name {
    fn short(name: &str) -> Option<Name> {
        let mut bytes = [0; SHORT];
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(Name::Short(name.len() as u8, bytes))
    }
}

/// As its name has it, because it can be looked up by that.
impl Hash for NodeId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Ord for NodeId {
    fn cmp(&self, other: &NodeId) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for NodeId {
    fn partial_cmp(&self, other: &NodeId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NodeId, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = NodeId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<NodeId, E> {
                Ok(NodeId::new(name))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl Deref for NodeId {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for NodeId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for NodeId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for NodeId {
    fn from(name: &str) -> Self {
        NodeId::new(name)
    }
}

impl From<String> for NodeId {
    fn from(name: String) -> Self {
        NodeId::new(name)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl PartialEq<str> for NodeId {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for NodeId {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_of_any_length_are_compared_and_sorted_as_strings_are() {
        let names = ["", "n0", "n1", "n10", "n2", "a-name-of-14-b", "a-name-of-15-by", "é", "ß"];
        let ids: BTreeSet<NodeId> = names.iter().map(NodeId::new).collect();
        let sorted: BTreeSet<&str> = names.into_iter().collect();
        assert!(ids.iter().map(|id| &**id).eq(sorted));
        for name in names {
            let id = NodeId::new(name);
            assert!(id == *name && id.as_str() == name && ids.get(name) == Some(&id));
            assert_eq!(names.iter().filter(|other| id == **other).count(), 1);
            let text = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<NodeId>(&text).unwrap(), id);
        }
        assert_eq!(size_of::<NodeId>(), 16);
    }
}
