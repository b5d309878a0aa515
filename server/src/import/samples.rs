//! Sample files to fill in, the same as in docs/samples.

/// Opens in a spreadsheet: it begins with a byte order mark, without which Excel misreads Chinese.
pub const ESTATE: &[u8] = include_bytes!("../../../docs/samples/estate.csv");
pub const ARREARS: &[u8] = include_bytes!("../../../docs/samples/arrears.csv");
