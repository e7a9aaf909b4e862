//! Nodes of echoes, ids, broadcast, sets and counters.

use glomers_nodes::broadcast::flood;

use crate::bases::{BROADCAST, COUNTER, ECHO, IDS, PN_COUNTER, SET, plain};
use crate::entry::Entry;
use crate::{broadcast, counter, echo, g_set, unique_ids};

pub(super) static ENTRIES: [Entry; 36] = [
    Entry {
        name: "echo-shared-buffer",
        wrong: "The text waits in a field of the node that the next request overwrites.",
        nodes: 1,
        shows: "2 echoes at once",
        make: |arguments| plain(arguments, echo::shared_buffer),
        ..ECHO
    },
    Entry {
        name: "echo-short-buffer",
        wrong: "What is longer than 14 bytes is cut off.",
        nodes: 1,
        shows: "1 echo of 15 bytes",
        make: |arguments| plain(arguments, echo::short_buffer),
        ..ECHO
    },
    Entry {
        name: "echo-cached",
        wrong: "Answers are cached by msg_id, which is unique only for its client.",
        nodes: 1,
        shows: "an echo of each of 2 clients",
        make: |arguments| plain(arguments, echo::Cached::default),
        ..ECHO
    },
    Entry {
        name: "echo-busy",
        wrong: "While a request is served, others are dropped.",
        nodes: 1,
        shows: "2 echoes at once",
        make: |arguments| plain(arguments, echo::busy),
        ..ECHO
    },
    Entry {
        name: "echo-replies-twice",
        wrong: "Every reply is sent again, in case the first was lost.",
        nodes: 1,
        shows: "1 echo",
        make: |arguments| plain(arguments, || echo::RepliesTwice),
        ..ECHO
    },
    Entry {
        name: "ids-local-counter",
        wrong: "Each node counts for itself, and the id does not name the node.",
        nodes: 2,
        shows: "an id from each",
        make: |arguments| plain(arguments, unique_ids::local_counter),
        ..IDS
    },
    Entry {
        name: "ids-from-clock",
        wrong: "An id is the node and its clock in ms, which two requests may share.",
        nodes: 1,
        shows: "2 ids within 1 ms",
        make: |arguments| plain(arguments, unique_ids::from_clock),
        ..IDS
    },
    Entry {
        name: "ids-after-restart",
        wrong: "An id is the node and a counter that begins anew when the node restarts.",
        nodes: 1,
        shows: "an id, a kill, an id",
        make: |arguments| plain(arguments, unique_ids::after_restart),
        ..IDS
    },
    Entry {
        name: "ids-few-bits",
        wrong: "An id is a random number below 100,000.",
        nodes: 1,
        shows: "some 400 ids for an even chance",
        make: |arguments| plain(arguments, unique_ids::few_bits),
        ..IDS
    },
    Entry {
        name: "ids-overlapping-blocks",
        wrong: "Nodes reserve blocks of ids, and the last id of a block is the first of the next.",
        nodes: 2,
        shows: "2 blocks, 102 ids",
        make: |arguments| plain(arguments, unique_ids::overlapping_blocks),
        ..IDS
    },
    Entry {
        name: "broadcast-no-retry",
        wrong: "Each value is sent to each neighbour once.",
        nodes: 2,
        shows: "1 value, its message lost",
        make: |arguments| plain(arguments, flood::node),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-one-hop",
        wrong: "Values of clients are sent on, those of neighbours are not.",
        nodes: 3,
        shows: "1 value at an end, in a line",
        make: |arguments| plain(arguments, broadcast::flooding::one_hop),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-full-queue",
        wrong: "What finds the queue to a neighbour full is never sent.",
        nodes: 2,
        shows: "9 values while they are apart",
        make: |arguments| plain(arguments, broadcast::flooding::full_queue),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-acks-and-drops",
        wrong: "What comes while much is on its way is acknowledged and dropped.",
        nodes: 2,
        shows: "9 values while they are apart",
        make: |arguments| plain(arguments, broadcast::flooding::acks_and_drops),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-refuses-and-keeps",
        wrong: "What no neighbour confirms in time is refused, and kept and sent all the same.",
        nodes: 2,
        shows: "1 value while they are apart",
        make: |arguments| plain(arguments, broadcast::flooding::refuses_and_keeps),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-doubles",
        wrong: "Between the look whether a value is new and its storing lies a wait.",
        nodes: 4,
        shows: "1 value, in a ring",
        make: |arguments| plain(arguments, broadcast::flooding::doubles),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-clears-batch",
        wrong: "A batch is cleared when it was acknowledged, with what came meanwhile.",
        nodes: 2,
        shows: "2 values, the second while the first is on its way",
        make: |arguments| plain(arguments, broadcast::batch::clears_batch),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-high-water",
        wrong: "Nodes ask only for what is above the highest value that they have.",
        nodes: 2,
        shows: "2 values, the message of the first lost",
        make: |arguments| plain(arguments, broadcast::high_water::node),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-snapshot",
        wrong: "Reads are answered from a copy that is made at every 100th value.",
        nodes: 1,
        shows: "1 value",
        make: |arguments| plain(arguments, broadcast::reads::snapshot),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-hides",
        wrong: "Values are taken out of the state while they are sent, and put back afterwards.",
        nodes: 2,
        shows: "a value, 2 reads at its node",
        make: |arguments| plain(arguments, broadcast::reads::hides),
        ..BROADCAST
    },
    Entry {
        name: "g-set-doubles",
        wrong: "The set is a list, which holds twice what is added twice.",
        nodes: 1,
        shows: "1 element added twice",
        make: |arguments| plain(arguments, g_set::doubles),
        ..SET
    },
    Entry {
        name: "g-set-tells-once",
        wrong: "Each element is told to each node once.",
        nodes: 2,
        shows: "1 element, its message lost",
        make: |arguments| plain(arguments, g_set::tells_once),
        ..SET
    },
    Entry {
        name: "g-set-larger-wins",
        wrong: "Of two sets the larger replaces the other.",
        nodes: 2,
        shows: "2 elements at one, 1 at the other",
        make: |arguments| plain(arguments, g_set::larger_wins),
        ..SET
    },
    Entry {
        name: "g-set-moves-readded",
        wrong: "What is added again moves to the end of a log that others copy by position.",
        nodes: 2,
        shows: "3 elements, the first added again before the third is copied",
        make: |arguments| plain(arguments, g_set::moves_readded),
        ..SET
    },
    Entry {
        name: "g-set-lww",
        wrong: "The set is a value in lww-kv, which keeps the last write.",
        nodes: 2,
        shows: "2 elements at once",
        make: |arguments| plain(arguments, g_set::lww),
        ..SET
    },
    Entry {
        name: "g-set-stale",
        wrong: "The set is a value in seq-kv, which may show readers an old state.",
        nodes: 2,
        shows: "1 element",
        make: |arguments| plain(arguments, g_set::stale),
        ..SET
    },
    Entry {
        name: "counter-without-cas",
        wrong: "A sum is read from a service, added to and written.",
        nodes: 2,
        shows: "2 additions at once",
        make: |arguments| plain(arguments, counter::without_cas),
        ..COUNTER
    },
    Entry {
        name: "counter-ignores-collision",
        wrong: "A compare-and-set that fails is not tried again.",
        nodes: 2,
        shows: "2 additions at once",
        make: |arguments| plain(arguments, counter::ignores_collision),
        ..COUNTER
    },
    Entry {
        name: "counter-counts-retries",
        wrong: "Additions are told to others until they answer, and who answers late adds twice.",
        nodes: 2,
        shows: "1 addition, its answer lost",
        make: |arguments| plain(arguments, counter::counts_retries),
        ..COUNTER
    },
    Entry {
        name: "counter-stale",
        wrong: "The sum is a value in seq-kv, which may show readers an old state.",
        nodes: 2,
        shows: "1 addition",
        make: |arguments| plain(arguments, counter::stale),
        ..COUNTER
    },
    Entry {
        name: "counter-loses-concurrent",
        wrong: "Between reading its own sum and setting it a node waits.",
        nodes: 1,
        shows: "2 additions at once",
        make: |arguments| plain(arguments, counter::loses_concurrent),
        ..COUNTER
    },
    Entry {
        name: "counter-restarts-at-zero",
        wrong: "A node's key is overwritten by a sum that is counted from its start.",
        nodes: 1,
        shows: "an addition, a kill, an addition",
        make: |arguments| plain(arguments, counter::restarts_at_zero),
        ..COUNTER
    },
    Entry {
        name: "pn-counter-forgets-negatives",
        wrong: "Of two totals of a node the larger is taken for the newer.",
        nodes: 2,
        shows: "an addition of -1",
        make: |arguments| plain(arguments, counter::forgets_negatives),
        ..PN_COUNTER
    },
    Entry {
        name: "pn-counter-stops-at-zero",
        wrong: "The sum is not allowed to be negative, and stops at zero.",
        nodes: 1,
        shows: "additions of -1 and 1",
        make: |arguments| plain(arguments, counter::stops_at_zero),
        ..PN_COUNTER
    },
    Entry {
        name: "pn-counter-compares-added",
        wrong: "Of two views of a node the one with more added counts, whatever was taken away.",
        nodes: 2,
        shows: "an addition of 1, an exchange, one of -1",
        make: |arguments| plain(arguments, counter::compares_added),
        ..PN_COUNTER
    },
    Entry {
        name: "pn-counter-newer-by-time",
        wrong: "Of two views of a node the one that came last counts.",
        nodes: 2,
        shows: "2 additions whose messages overtake each other",
        make: |arguments| plain(arguments, counter::newer_by_time),
        ..PN_COUNTER
    },
];
