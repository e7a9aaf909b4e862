//! Texts of long histories, packed: of a list that begins as an earlier one does, only the
//! rest is spelled.

use glomers_history::{Growing, List};

use crate::form::{Form, Lines};
use crate::weave::Weave;

/// How many elements stand between two places of a list whose offsets are kept.
const EVERY: usize = 256;

/// Both texts, packed.
pub(crate) struct Woven {
    texts: [Weave; 2],
    growing: Growing<Spelled>,
    rest: String,
}

/// A list as it stands in both texts.
#[derive(Clone)]
struct Spelled {
    /// Where its first element stands.
    at: [u64; 2],
    /// How many elements it has.
    count: usize,
    /// How long its elements are with the spaces between them.
    length: usize,
    /// How long the first 256, 512, … of them are.
    ends: Vec<usize>,
}

impl Default for Woven {
    fn default() -> Woven {
        Woven {
            texts: [Weave::new(), Weave::new()],
            growing: Growing::default(),
            rest: String::new(),
        }
    }
}

impl Form for Woven {
    fn push(&mut self, lines: &Lines) {
        for ((text, before), after) in self.texts.iter_mut().zip(&lines.before).zip(&lines.after) {
            for part in [before, &lines.value, after] {
                text.text(part.as_bytes());
            }
        }
    }

    fn push_list(&mut self, list: &List, lines: &mut Lines) -> bool {
        let Woven { texts, growing, rest } = self;
        let noted = growing.note(list, |earlier| {
            for (text, before) in texts.iter_mut().zip(&mut lines.before) {
                before.push('[');
                text.text(before.as_bytes());
            }
            let at = [texts[0].position(), texts[1].position()];
            let earlier = earlier.and_then(|(earlier, count)| {
                let length = earlier.length_of(list, count);
                let is_near = texts.iter().zip(earlier.at).all(|(text, at)| text.reaches(at));
                is_near.then_some((earlier, count, length))
            });
            let (mut ends, count, length) = match earlier {
                None => (Vec::new(), 0, 0),
                Some((mut earlier, count, length)) => {
                    for (text, at) in texts.iter_mut().zip(earlier.at) {
                        text.copy(at, length);
                    }
                    earlier.ends.truncate(count / EVERY);
                    (earlier.ends, count, length)
                }
            };
            rest.clear();
            let mut number = itoa::Buffer::new();
            let new = list.as_small().into_iter();
            for (place, element) in new.flat_map(|small| small.range(count, usize::MAX)).enumerate()
            {
                if count + place > 0 {
                    rest.push(' ');
                }
                rest.push_str(number.format(element));
                if (count + place + 1).is_multiple_of(EVERY) {
                    ends.push(length + rest.len());
                }
            }
            let length = length + rest.len();
            rest.push(']');
            for (text, after) in texts.iter_mut().zip(&lines.after) {
                text.text(rest.as_bytes());
                text.text(after.as_bytes());
            }
            Spelled { at, count: list.len(), length, ends }
        });
        noted.is_some()
    }

    fn ready(&mut self, is_end: bool) -> [&mut Vec<u8>; 2] {
        let [edn, text] = &mut self.texts;
        if is_end {
            edn.finish();
            text.finish();
        }
        [&mut edn.out, &mut text.out]
    }
}

impl Spelled {
    /// How long the first elements are, which `list` has, too.
    fn length_of(&self, list: &List, count: usize) -> usize {
        if count == self.count {
            return self.length;
        }
        let whole = (count / EVERY).min(self.ends.len());
        let start = whole.checked_sub(1).map_or(0, |last| self.ends[last]);
        let rest = list.as_small().into_iter();
        let rest = rest.flat_map(|small| small.range(whole * EVERY, count - whole * EVERY));
        let digits = |element: u32| element.checked_ilog10().unwrap_or(0) as usize + 1;
        let length = start + rest.map(|element| 1 + digits(element)).sum::<usize>();
        // No space stands before the first.
        if whole == 0 { length - 1 } else { length }
    }
}
