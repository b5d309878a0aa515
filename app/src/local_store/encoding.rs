//! Blocks of rows as bytes: a line of facts, then the body as it came.
//!
//! Not JSON: bodies are already JSON, and escaping or checking ten thousand of them again at every
//! start costs more than reading them from the disk.

use std::io::Write;

use domain::modules::RecordKind;
use domain::sync::client::StoredRow;

/// Rows as one block: `kind id seq length\nbody\n` each, `-` for a row without a body.
pub fn encode(rows: &[StoredRow]) -> Vec<u8> {
    let bodies: usize = rows.iter().map(|row| row.body.as_ref().map_or(0, String::len) + 80).sum();
    let mut out = Vec::with_capacity(bodies);
    for row in rows {
        // Writing to a vector cannot fail.
        let _ = match &row.body {
            Some(body) => {
                writeln!(out, "{} {} {} {}\n{body}", row.kind.name(), row.id, row.seq, body.len())
            }
            None => writeln!(out, "{} {} {} -", row.kind.name(), row.id, row.seq),
        };
    }
    out
}

/// Reads a block. A row of a kind that this build does not know is skipped: a newer build wrote it,
/// and it is pulled again when needed. `None` when the block is not one of ours.
pub fn decode(bytes: &[u8]) -> Option<Vec<StoredRow>> {
    let mut rest = std::str::from_utf8(bytes).ok()?;
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n')?;
        let mut parts = line.split(' ');
        let kind = parts.next()?;
        let id = parts.next()?.parse().ok()?;
        let seq = parts.next()?.parse().ok()?;
        let length = parts.next()?;
        rest = after;
        let body = if length == "-" {
            None
        } else {
            let length: usize = length.parse().ok()?;
            let body = rest.get(..length)?;
            rest = rest.get(length..)?.strip_prefix('\n')?;
            Some(body.to_owned())
        };
        if let Some(kind) = RecordKind::from_name(kind) {
            rows.push(StoredRow { kind, id, seq, body });
        }
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn row(n: u128, body: Option<&str>) -> StoredRow {
        StoredRow {
            kind: RecordKind::Ticket,
            id: Uuid::from_u128(n),
            seq: n as u64,
            body: body.map(str::to_owned),
        }
    }

    #[test]
    fn rows_come_back_byte_for_byte_whatever_is_in_them() {
        let rows = vec![
            row(1, Some("{\"text\":\"漏水\\n二楼\"}")),
            row(2, None),
            row(3, Some("")),
            row(4, Some("line\nbreaks - and \u{1f6b0}\n")),
        ];
        assert_eq!(decode(&encode(&rows)), Some(rows));
        assert_eq!(decode(b""), Some(Vec::new()));
    }

    #[test]
    fn a_cut_block_is_noticed_rather_than_half_read() {
        let bytes = encode(&[row(1, Some("{\"a\":1}")), row(2, Some("{\"b\":2}"))]);
        assert_eq!(decode(&bytes[..bytes.len() - 3]), None);
    }

    #[test]
    fn a_kind_of_a_newer_build_is_skipped_without_losing_the_rows_behind_it() {
        let mut bytes = b"spaceship 00000000-0000-0000-0000-000000000001 1 2\n{}\n".to_vec();
        bytes.extend(encode(&[row(2, Some("{}"))]));
        assert_eq!(decode(&bytes), Some(vec![row(2, Some("{}"))]));
    }
}
