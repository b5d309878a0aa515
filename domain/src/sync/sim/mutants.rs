//! Faults built in on purpose, one at a time, to show that the simulation would notice.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The server answers before it has committed.
    AcknowledgeBeforeCommit,
    /// The server takes a resent command for a new one.
    SkipDuplicateCheck,
    /// A cut page moves the cursor past what was cut.
    CursorPastUnseen,
    /// The phone drops its outbox when it sends, not when it has stored the answers.
    DeleteOutboxEarly,
    /// The next user of an installation sends the first one's outbox.
    ReplayUnderAnotherUser,
    /// The phone deletes a photo as soon as it is uploaded.
    DeleteBlobEarly,
    /// The phone keeps answers that were under way while the server came back from a back-up.
    AcceptStaleAnswers,
    /// The phone keeps pages that another tab has overtaken.
    KeepStalePages,
    /// The phone forgets its journal before the server is backed up.
    ForgetBeforeBackup,
    /// The phone drops a photo that the server does not take.
    DropRefusedBlob,
    /// A phone that goes on as a new device gives its commands new ids as well.
    RenewWithNewOps,
    /// Sequences as a `bigserial` gives them: a transaction that took one earlier commits later.
    CursorOfBigserial,
    /// A snapshot ends with its last page, without what changed while it was sent.
    SwapWithoutCatchUp,
    /// Tombstones are forgotten, and cursors from before are taken all the same.
    CompactIgnoringFloor,
    /// The phone takes the answers of a push for those to its commands in order, whatever they name.
    MatchByPosition,
    /// The phone drops its outbox when a snapshot begins.
    ForgetOutboxOnReset,
    /// Answered commands leave the outbox in one transaction and come into the journal in another.
    AnswersInTwoTransactions,
    /// The page says "saved" before anything is stored.
    SaidSavedTooSoon,
    /// Photos are stored in a transaction after that of their command.
    PhotosAfterwards,
    /// The server goes on behind numbers that are lost for good, and says so nowhere.
    ResumeUnsaid,
    /// The phone's disk loses rows, and nobody compares.
    LoseRowUnchecked,
    /// The phone's disk keeps rows that were removed, and nobody compares.
    KeepRowUnchecked,
    /// The phone's disk loses rows: healed by comparing, and told.
    LoseRow,
    /// The phone's disk keeps rows that were removed: healed by comparing, and told.
    KeepRow,
}

impl Mutant {
    /// Those that break a promise.
    pub const ALL: [Mutant; 22] = [
        Mutant::AcknowledgeBeforeCommit,
        Mutant::SkipDuplicateCheck,
        Mutant::CursorPastUnseen,
        Mutant::DeleteOutboxEarly,
        Mutant::ReplayUnderAnotherUser,
        Mutant::DeleteBlobEarly,
        Mutant::AcceptStaleAnswers,
        Mutant::KeepStalePages,
        Mutant::ForgetBeforeBackup,
        Mutant::DropRefusedBlob,
        Mutant::RenewWithNewOps,
        Mutant::CursorOfBigserial,
        Mutant::SwapWithoutCatchUp,
        Mutant::CompactIgnoringFloor,
        Mutant::MatchByPosition,
        Mutant::ForgetOutboxOnReset,
        Mutant::AnswersInTwoTransactions,
        Mutant::SaidSavedTooSoon,
        Mutant::PhotosAfterwards,
        Mutant::ResumeUnsaid,
        Mutant::LoseRowUnchecked,
        Mutant::KeepRowUnchecked,
    ];

    /// Those that break none, because the phone finds them out and begins anew.
    pub const HEALED: [Mutant; 2] = [Mutant::LoseRow, Mutant::KeepRow];
}
