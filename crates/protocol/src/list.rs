use std::fmt;
use std::sync::Arc;

pub use self::small::SmallIntegers;
use crate::Value;

mod small;

/// How many small integers are stored, and shared, together.
const CHUNK: usize = 256;

/// The elements of a list, in the smallest of several forms; the form is a
/// function of the elements, so equal lists have equal forms.
///
/// Long lists of small integers are kept in chunks that other lists may share:
/// the reads of a growing set, thousands of them, take little more memory than
/// the set itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct List(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    /// Up to [`CHUNK`] integers that fit 32 bits without sign, one at least.
    Small(Arc<[u32]>),
    /// More of them, in chunks of that length, the last of them shorter.
    Chunks(Arc<[Arc<[u32]>]>),
    /// Every element is an integer, and one does not fit above.
    Integers(Arc<[i64]>),
    /// Anything else; the empty list too.
    Values(Arc<[Value]>),
}

impl List {
    /// A list of integers.
    pub fn from_integers(integers: &[i64]) -> List {
        if integers.is_empty() {
            return List(Repr::Values(Arc::from([])));
        }
        if !integers.iter().all(|&i| u32::try_from(i).is_ok()) {
            return List(Repr::Integers(Arc::from(integers)));
        }
        let chunk = |part: &[i64]| part.iter().map(|&i| i as u32).collect::<Arc<[u32]>>();
        if integers.len() <= CHUNK {
            return List(Repr::Small(chunk(integers)));
        }
        List(Repr::Chunks(integers.chunks(CHUNK).map(chunk).collect()))
    }

    /// A list of values.
    pub fn from_values(values: Vec<Value>) -> List {
        let integers: Option<Vec<i64>> = values
            .iter()
            .map(|value| if let Value::Int(i) = value { Some(*i) } else { None })
            .collect();
        match integers {
            Some(integers) => List::from_integers(&integers),
            None => List(Repr::Values(Arc::from(values))),
        }
    }

    /// The same list, sharing the chunks that are the same in `earlier`, at the
    /// same places.
    #[must_use]
    pub fn sharing(self, earlier: &List) -> List {
        let (Repr::Chunks(chunks), Repr::Chunks(others)) = (&self.0, &earlier.0) else {
            return self;
        };
        let shared = chunks.iter().enumerate().map(|(place, chunk)| match others.get(place) {
            Some(other) if other == chunk => other.clone(),
            _ => chunk.clone(),
        });
        List(Repr::Chunks(shared.collect()))
    }

    /// A list that begins with the first `count` elements of this one, which it shares,
    /// and goes on with `more`. `None` if this one is shorter, or one of its elements is
    /// no integer of 32 bits without sign.
    pub fn continued(&self, count: usize, more: impl IntoIterator<Item = u32>) -> Option<List> {
        let small = self.as_small().filter(|small| count <= small.count())?;
        let mut chunks: Vec<Arc<[u32]>> = match &self.0 {
            Repr::Chunks(chunks) => chunks[..count / CHUNK].to_vec(),
            _ => Vec::new(),
        };
        let whole = chunks.len() * CHUNK;
        let mut rest: Vec<u32> = small.range(whole, count - whole).collect();
        rest.extend(more);
        chunks.extend(rest.chunks(CHUNK).map(Arc::from));
        Some(List(match chunks.len() {
            0 => Repr::Values(Arc::from([])),
            1 => Repr::Small(chunks.remove(0)),
            _ => Repr::Chunks(Arc::from(chunks)),
        }))
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Small(elements) => elements.len(),
            Repr::Chunks(chunks) => {
                (chunks.len() - 1) * CHUNK + chunks.last().map_or(0, |chunk| chunk.len())
            }
            Repr::Integers(elements) => elements.len(),
            Repr::Values(elements) => elements.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`, if there is one.
    pub fn get(&self, index: usize) -> Option<Value> {
        match &self.0 {
            Repr::Small(elements) => elements.get(index).map(|&i| Value::Int(i64::from(i))),
            Repr::Chunks(chunks) => {
                let integer = chunks.get(index / CHUNK)?.get(index % CHUNK)?;
                Some(Value::Int(i64::from(*integer)))
            }
            Repr::Integers(elements) => elements.get(index).map(|&i| Value::Int(i)),
            Repr::Values(elements) => elements.get(index).cloned(),
        }
    }

    /// The elements if all are integers of 32 bits without sign and there is
    /// one at least.
    pub fn as_small(&self) -> Option<SmallIntegers<'_>> {
        match &self.0 {
            Repr::Small(elements) => Some(SmallIntegers::of_piece(elements)),
            Repr::Chunks(chunks) => Some(SmallIntegers::of_chunks(chunks)),
            Repr::Integers(_) | Repr::Values(_) => None,
        }
    }

    /// The elements where they are kept as values: if one at least is no integer, or
    /// there is none.
    pub fn as_values(&self) -> Option<&[Value]> {
        match &self.0 {
            Repr::Values(elements) => Some(elements),
            Repr::Small(_) | Repr::Chunks(_) | Repr::Integers(_) => None,
        }
    }

    /// The elements, in order.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len()).map(|index| self.get(index).expect("index is below the length"))
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Value::List(self.clone()), f)
    }
}

/// A list that grows at its end; the [`List`]s taken of it share what they have
/// in common.
#[derive(Debug, Clone, Default)]
pub struct GrowingList {
    chunks: Vec<Arc<[u32]>>,
    tail: Vec<u32>,
    /// All elements, once one of them is no small integer.
    values: Option<Vec<Value>>,
}

impl GrowingList {
    /// An empty list.
    pub fn new() -> GrowingList {
        GrowingList::default()
    }

    /// Appends a value.
    pub fn push(&mut self, value: Value) {
        let small = value.as_int().and_then(|integer| u32::try_from(integer).ok());
        match (small, &mut self.values) {
            (Some(small), None) => {
                if self.tail.len() == CHUNK {
                    self.chunks.push(Arc::from(&*self.tail));
                    self.tail.clear();
                }
                self.tail.push(small);
            }
            (_, Some(values)) => values.push(value),
            (None, None) => {
                let mut values: Vec<Value> = self.to_list().iter().collect();
                values.push(value);
                *self = GrowingList { values: Some(values), ..GrowingList::default() };
            }
        }
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        match &self.values {
            Some(values) => values.len(),
            None => self.chunks.len() * CHUNK + self.tail.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The list as it is now.
    pub fn to_list(&self) -> List {
        if let Some(values) = &self.values {
            return List::from_values(values.clone());
        }
        match (&*self.chunks, &*self.tail) {
            ([], []) => List(Repr::Values(Arc::from([]))),
            ([], tail) => List(Repr::Small(Arc::from(tail))),
            (chunks, tail) => {
                let last = std::iter::once(Arc::from(tail));
                List(Repr::Chunks(chunks.iter().cloned().chain(last).collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_the_same_however_it_was_made() {
        for length in [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000] {
            let integers: Vec<i64> = (0..length).map(|i| i * 7 % 1000).collect();
            let list = List::from_integers(&integers);
            let mut growing = GrowingList::new();
            for &integer in &integers {
                growing.push(Value::Int(integer));
            }
            assert_eq!(growing.to_list(), list);
            assert_eq!((growing.len(), list.len()), (integers.len(), integers.len()));
            assert_eq!(List::from_values(list.iter().collect()), list);
            assert_eq!(
                Value::from_json(&Value::List(list.clone()).to_json()).unwrap(),
                Value::List(list.clone())
            );
            if let Some(small) = list.as_small() {
                assert_eq!(small.iter().map(i64::from).collect::<Vec<_>>(), integers);
            }
            let mut longer = integers.clone();
            longer.push(3);
            assert_eq!(List::from_integers(&longer).sharing(&list), List::from_integers(&longer));
            for count in [0, 1, 255, 256, 257, 512, 999, 1000] {
                let continued = list.continued(count, [9, 8]);
                let expected = integers.get(..count).filter(|_| length > 0).map(|head| {
                    let ends = [9, 8];
                    List::from_integers(&head.iter().copied().chain(ends).collect::<Vec<_>>())
                });
                assert_eq!(continued, expected);
                let none: [u32; 0] = [];
                let head = integers.get(..count).filter(|_| length > 0).map(List::from_integers);
                assert_eq!(list.continued(count, none), head);
            }
            growing.push(Value::string("x"));
            assert_eq!(growing.to_list().get(integers.len()), Some(Value::string("x")));
            assert_eq!(growing.len(), integers.len() + 1);
        }
    }
}
