//! Ways to get Raft wrong. Each is one visible `if` in the source of the right
//! node, found by the name of the variant; the comment there says what is wrong.

/// What is wrong with a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    #[default]
    None,
    /// The leader answers reads at once, without asking whether it still leads.
    StaleLeaderReads,
    /// Every node answers reads at once from what it has applied.
    ReadsFromFollower,
    /// The terms of messages are not looked at.
    NoTermCheck,
    /// A leader counts copies of entries of older terms too, and so does without
    /// an entry of its own.
    CommitsOldTermByCounting,
    /// A node votes for whoever asks, as often as asked.
    VotesTwice,
    /// A follower keeps its own entries where the leader has others.
    NoTruncationOnConflict,
    /// A node votes without comparing logs.
    VotesForShorterLog,
    /// The leader answers when it has an entry, not when a majority has.
    AnswersBeforeCommit,
    /// Half of the nodes, rounded down, are taken for a majority.
    HalfIsMajority,
    /// A request that was sent again is applied again.
    AppliesTwice,
    /// A new leader answers reads before it knows what is committed.
    NoEntryAtBeginning,
    /// Term and vote are written in the background, not before they are told.
    NoSyncOfVote,
    /// Entries are written, but not synced.
    NoSyncOfLog,
    /// A node speaks before what it wrote is durable.
    AnswersBeforeSync,
}
