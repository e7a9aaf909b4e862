//! With whom a node talks.

use glomers_node::Rng;

/// Whom a node chooses as neighbours, and who has chosen it.
///
/// A node chooses the next one in the order of all nodes and some at random, so
/// that all are connected and ways are short. For somebody who does not answer it
/// chooses another; the silent one stays known, is tried now and then, and takes
/// its place again when it answers.
#[derive(Debug, Default)]
pub(super) struct View {
    /// All others, the next one in the order of all nodes first.
    ring: Vec<usize>,
    /// All others in an order of this node's own.
    shuffled: Vec<usize>,
    degree: usize,
    /// By place: whom this node has chosen, silent ones too.
    chosen: Vec<bool>,
    /// By place: who says that it has chosen this node.
    choosers: Vec<bool>,
}

impl View {
    /// The view of node `me` of so many; nobody is silent.
    pub(super) fn new(me: usize, nodes: usize, degree: usize, rng: &mut Rng) -> View {
        let ring: Vec<usize> = (1..nodes).map(|step| (me + step) % nodes).collect();
        let mut shuffled = ring.clone();
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, rng.below(last as u64 + 1) as usize);
        }
        let choosers = vec![false; nodes];
        let mut view = View { ring, shuffled, degree, chosen: vec![false; nodes], choosers };
        view.choose(|_| false);
        view
    }

    /// Chooses anew, when somebody fell silent or spoke again.
    pub(super) fn choose(&mut self, is_silent: impl Fn(usize) -> bool) {
        self.chosen.fill(false);
        // How many of the chosen are there to answer.
        let mut speaking = 0;
        for (order, wanted) in [(&self.ring, 1), (&self.shuffled, self.degree)] {
            for &peer in order {
                if speaking >= wanted {
                    break;
                }
                if !self.chosen[peer] {
                    self.chosen[peer] = true;
                    speaking += usize::from(!is_silent(peer));
                }
            }
        }
    }

    pub(super) fn is_chosen(&self, peer: usize) -> bool {
        self.chosen[peer]
    }

    /// Takes note of whether a peer has chosen this node.
    pub(super) fn note(&mut self, peer: usize, has_chosen: bool) {
        self.choosers[peer] = has_chosen;
    }

    /// Whether one of both has chosen the other.
    pub(super) fn is_neighbour(&self, peer: usize) -> bool {
        self.chosen[peer] || self.choosers[peer]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_silent_is_replaced_until_it_speaks_again() {
        let mut view = View::new(3, 5, 2, &mut Rng::from_seed(1));
        let chosen = |view: &View| (0..5).filter(|&peer| view.is_chosen(peer)).collect::<Vec<_>>();
        let before = chosen(&view);
        assert!(before.len() == 2 && before.contains(&4), "{before:?}");
        view.choose(|peer| peer == 4);
        let during = chosen(&view);
        assert!(during.contains(&4) && during.contains(&0) && during.len() >= 3, "{during:?}");
        view.choose(|_| true);
        assert_eq!(chosen(&view), [0, 1, 2, 4]);
        view.choose(|_| false);
        assert_eq!(chosen(&view), before);
        view.note(1, true);
        assert!(view.is_neighbour(1));
    }
}
