//! A persistent map from keys to lists: a tree of pages that never change, so that a
//! new version shares all pages but those on the way to what is new.

use std::collections::BTreeMap;

use glomers_node::{Map, Value};
use serde::{Deserialize, Serialize};

/// How many keys a leaf holds before it becomes a branch.
const KEYS_OF_A_LEAF: usize = 8;
/// How many bits of a key's hash choose a child.
const BITS: u32 = 4;
/// From here on the hash has no bits left, and leaves grow without bound.
const DEEPEST: u32 = u64::BITS / BITS;

/// The name of a page.
pub(super) type PageId = String;

/// One page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Page {
    /// Keys, as JSON text, and their lists.
    Leaf(BTreeMap<String, Vec<Value>>),
    /// Pages by the next bits of the key's hash.
    Branch(BTreeMap<u8, PageId>),
}

/// FNV-1a, for the place of a key in the tree: the same on all nodes.
fn hash(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn child_of(key: &str, level: u32) -> u8 {
    (hash(key) >> (level * BITS)) as u8 & ((1 << BITS) - 1)
}

/// Pages that are known. What is missing is named, to be fetched.
#[derive(Debug, Default)]
pub(super) struct Pages {
    known: Map<PageId, Page>,
}

/// The page that has to be fetched first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing(pub(super) PageId);

/// A new version: its root, and the pages that are new with it.
#[derive(Debug, PartialEq)]
pub(super) struct Version {
    pub(super) root: PageId,
    pub(super) fresh: Vec<(PageId, Page)>,
}

impl Pages {
    /// Remembers a page.
    pub(super) fn insert(&mut self, id: PageId, page: Page) {
        self.known.insert(id, page);
    }

    /// How many pages are known.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets all; they can be fetched again.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    fn page(&self, id: &PageId) -> Result<&Page, Missing> {
        self.known.get(id).ok_or_else(|| Missing(id.clone()))
    }

    /// The list of a key in the version with this root; empty if there is none.
    pub(super) fn get(&self, root: Option<&PageId>, key: &str) -> Result<&[Value], Missing> {
        let (mut next, mut level) = (root, 0);
        while let Some(id) = next {
            match self.page(id)? {
                Page::Leaf(lists) => return Ok(lists.get(key).map_or(&[], Vec::as_slice)),
                Page::Branch(children) => next = children.get(&child_of(key, level)),
            }
            level += 1;
        }
        Ok(&[])
    }

    /// The version in which these keys have these lists. All pages on the way to them
    /// must be known, as they are once each key was read. `name` gives names that no
    /// page has yet.
    pub(super) fn replace(
        &self,
        root: Option<&PageId>,
        lists: BTreeMap<String, Vec<Value>>,
        name: &mut dyn FnMut() -> PageId,
    ) -> Result<Version, Missing> {
        let mut fresh = Vec::new();
        let root = self.replace_below(root, 0, lists, name, &mut fresh)?;
        Ok(Version { root, fresh })
    }

    fn replace_below(
        &self,
        id: Option<&PageId>,
        level: u32,
        lists: BTreeMap<String, Vec<Value>>,
        name: &mut dyn FnMut() -> PageId,
        fresh: &mut Vec<(PageId, Page)>,
    ) -> Result<PageId, Missing> {
        let old = id.map(|id| self.page(id)).transpose()?;
        let page = match old {
            Some(Page::Branch(children)) => {
                Page::Branch(self.branch(children.clone(), level, lists, name, fresh)?)
            }
            leaf => {
                let mut all = match leaf {
                    Some(Page::Leaf(lists)) => lists.clone(),
                    _ => BTreeMap::new(),
                };
                all.extend(lists);
                if all.len() > KEYS_OF_A_LEAF && level < DEEPEST {
                    Page::Branch(self.branch(BTreeMap::new(), level, all, name, fresh)?)
                } else {
                    Page::Leaf(all)
                }
            }
        };
        let id = name();
        fresh.push((id.clone(), page));
        Ok(id)
    }

    fn branch(
        &self,
        mut children: BTreeMap<u8, PageId>,
        level: u32,
        lists: BTreeMap<String, Vec<Value>>,
        name: &mut dyn FnMut() -> PageId,
        fresh: &mut Vec<(PageId, Page)>,
    ) -> Result<BTreeMap<u8, PageId>, Missing> {
        let mut parts: BTreeMap<u8, BTreeMap<String, Vec<Value>>> = BTreeMap::new();
        for (key, list) in lists {
            parts.entry(child_of(&key, level)).or_default().insert(key, list);
        }
        for (place, part) in parts {
            let old = children.get(&place);
            let new = self.replace_below(old, level + 1, part, name, fresh)?;
            children.insert(place, new);
        }
        Ok(children)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_what_was_put_into_it_and_older_ones_stay() {
        let mut pages = Pages::default();
        let mut next = 0;
        let mut name = || {
            next += 1;
            format!("p{next}")
        };
        let (mut roots, mut model) = (vec![None], BTreeMap::new());
        let mut models = vec![model.clone()];
        for round in 0..300_i64 {
            let keys = [round % 97, (round * 31) % 200].map(|key| key.to_string());
            let mut lists = BTreeMap::new();
            for key in keys {
                let root: Option<&PageId> = roots.last().unwrap_or(&None).as_ref();
                let mut list = pages.get(root, &key).unwrap().to_vec();
                list.push(Value::Int(round));
                model.insert(key.clone(), list.clone());
                lists.insert(key, list);
            }
            let root: Option<&PageId> = roots.last().unwrap_or(&None).as_ref();
            let version = pages.replace(root, lists, &mut name).unwrap();
            assert!(version.fresh.len() < 30, "only what is on the way is new");
            for (id, page) in version.fresh {
                pages.insert(id, page);
            }
            roots.push(Some(version.root));
            models.push(model.clone());
        }
        for (root, model) in roots.iter().zip(&models) {
            for key in (0..200).map(|key| key.to_string()) {
                let expected = model.get(&key).map_or(&[][..], Vec::as_slice);
                assert_eq!(pages.get(root.as_ref(), &key).unwrap(), expected);
            }
        }
    }

    #[test]
    fn a_page_that_is_not_known_is_named() {
        let pages = Pages::default();
        let missing = Missing("x".to_owned());
        assert_eq!(pages.get(Some(&"x".to_owned()), "1"), Err(missing));
    }
}
