//! Deterministic simulation: phones with several tabs and users, a network and a server that fail in
//! every way they can, all from one seed. The phones run the real engine, replica and rules, the
//! server the real planner.
//!
//! `run` gives the first broken promise in words. A failing seed reproduces: `GUANJIA_SEED=…`.

mod check;
mod feed;
pub mod net;
pub mod phone;
pub mod rng;
pub mod server;
pub mod store;
pub mod work;
mod world;

/// Faults built in on purpose, one at a time, to show that the simulation would notice.
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
}

impl Mutant {
    pub const ALL: [Mutant; 11] = [
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
    ];
}

/// A promise that did not hold.
#[derive(Clone, Debug)]
pub struct Broken {
    pub seed: u64,
    pub step: usize,
    pub what: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {} at step {}: {}", self.seed, self.step, self.what)
    }
}

/// What a run came to, to show that it did something.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    pub recorded: usize,
    pub refused: usize,
    pub conflicts: usize,
    pub held: usize,
    pub restores: usize,
    pub replayed: usize,
    pub crashes: usize,
    pub blobs: usize,
    /// Photos that the server will not take.
    pub set_aside: usize,
    /// Numbers whose command was in the log already.
    pub repeated: usize,
    /// Rounds of sync after healing until everything was quiet.
    pub rounds_to_drain: usize,
}

impl Summary {
    pub fn add(&mut self, other: &Summary) {
        self.recorded += other.recorded;
        self.refused += other.refused;
        self.conflicts += other.conflicts;
        self.held += other.held;
        self.restores += other.restores;
        self.replayed += other.replayed;
        self.crashes += other.crashes;
        self.blobs += other.blobs;
        self.set_aside += other.set_aside;
        self.repeated += other.repeated;
        self.rounds_to_drain = self.rounds_to_drain.max(other.rounds_to_drain);
    }
}

/// Runs one seed.
pub fn run(seed: u64, mutant: Option<Mutant>) -> Result<Summary, Broken> {
    world::World::new(seed, mutant).run()
}
