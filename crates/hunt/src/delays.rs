//! Single messages that take very long.

use glomers_sim::draws::Draws;
use glomers_sim::{MessageName, MessageOverride, OverrideAction, Plan, Rate};

/// Messages on a link for each operation, at most, that are thought of.
const MESSAGES_PER_OPERATION: f64 = 4.0;

/// So many messages between nodes, each of which takes so long, ns. Early messages are
/// as likely as late ones are by factors: most protocols begin with few.
pub(crate) fn draw(
    plan: &Plan,
    count: u64,
    length: u64,
    draws: &mut Draws,
) -> Vec<MessageOverride> {
    let nodes = plan.nodes.len() as u64;
    if nodes < 2 {
        return Vec::new();
    }
    let rate = match plan.rate {
        Rate::PerSecond(rate) => rate,
        Rate::Max => 1000.0,
    };
    let most = (rate * plan.time_limit as f64 / 1e9 * MESSAGES_PER_OPERATION).max(10.0);
    let mut all: Vec<MessageOverride> = Vec::new();
    for _ in 0..count {
        let src = draws.below(nodes);
        let dest = (src + 1 + draws.below(nodes - 1)) % nodes;
        let which = libm::exp(draws.unit() * libm::log(most)) as u64 - 1;
        let message = MessageName::Nth { src: src as u32, dest: dest as u32, count: which };
        if all.iter().all(|one| one.message != message) {
            all.push(MessageOverride { message, action: OverrideAction::Delay(length) });
        }
    }
    all
}
