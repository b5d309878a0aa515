//! The `guanjia` command.
fn main() {}
