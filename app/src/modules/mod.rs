//! The pages of each process, by the same names as in `domain`.

pub mod accounts;
pub mod attention;
pub mod company;
pub mod dashboard;
pub mod devices;
pub mod fees;
pub mod households;
pub mod more;
pub mod outbox;
pub mod rounds;
pub mod session;
pub mod tickets;
pub mod today;
pub mod visits;
