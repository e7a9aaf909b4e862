//! Texts that come again and again, each as a number.

use rustc_hash::FxHashMap;

/// Texts in the order in which they came first.
#[derive(Debug, Default)]
pub(super) struct Names {
    places: FxHashMap<Box<str>, u32>,
    all: Vec<String>,
}

impl Names {
    /// The number of a text.
    pub(super) fn place(&mut self, text: &str) -> u32 {
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        let place = self.all.len() as u32;
        self.places.insert(text.into(), place);
        self.all.push(text.to_owned());
        place
    }

    /// All texts.
    pub(super) fn all(&self) -> &[String] {
        &self.all
    }
}
