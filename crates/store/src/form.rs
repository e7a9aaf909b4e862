//! The lines of an operation in both texts, and who keeps them in which form.

use glomers_history::{List, Op, edn};

/// How texts are kept: the parts of both grow line by line.
pub(crate) trait Form {
    /// Appends the lines of an operation.
    fn push(&mut self, lines: &Lines);
    /// Appends the lines of an operation whose value is this long list; `false` and nothing
    /// if it need not be treated in another way than others.
    fn push_list(&mut self, list: &List, lines: &mut Lines) -> bool;
    /// What is finished, which is taken away: the rest too, at the end.
    fn ready(&mut self, is_end: bool) -> [&mut Vec<u8>; 2];
}

/// The parts of an operation's lines, in buffers that are used again.
#[derive(Default)]
pub(crate) struct Lines {
    /// Before the value, in each text.
    pub(crate) before: [String; 2],
    pub(crate) value: String,
    /// Behind it.
    pub(crate) after: [String; 2],
}

impl Lines {
    pub(crate) fn spell_around(&mut self, op: &Op) {
        let [edn, text] = &mut self.before;
        edn.clear();
        text.clear();
        edn::write_before_value(op, edn);
        edn::write_text_before_value(op, text);
        let [edn, text] = &mut self.after;
        edn.clear();
        text.clear();
        edn::write_after_value(op, edn);
        edn::write_text_after_value(op, text);
    }
}
