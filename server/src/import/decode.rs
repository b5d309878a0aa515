//! Bytes of a file to text. Excel in China saves CSV as GB18030, others as UTF-8 or UTF-16.

use std::str::Utf8Error;

use encoding_rs::{Encoding, GB18030, UTF_8};

use crate::words::Words;

/// How workbooks begin: `.xlsx` is a zip archive, `.xls` a compound file.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// From so many characters on a file is UTF-8 that was damaged: text in GB18030 reads as valid UTF-8
/// for one or two of them by chance.
const SURELY_UTF_8: usize = 4;

/// Where UTF-8 was damaged: read as GB18030 it would become other names, and no problem.
fn damaged(bytes: &[u8], error: Utf8Error) -> Words {
    let before = &bytes[..error.valid_up_to()];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    Words::new(
        format!("文件是 UTF-8 编码，但第 {line} 行有损坏的字节，请检查这一行并重新另存为 CSV。"),
        format!(
            "The file is UTF-8, but line {line} holds a damaged byte; mend that line and save it as CSV again."
        ),
    )
}

/// Whether what precedes the first invalid byte is UTF-8 by more than chance.
fn began_as_utf8(bytes: &[u8], error: Utf8Error) -> bool {
    let before = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
    before.chars().filter(|c| !c.is_ascii()).nth(SURELY_UTF_8 - 1).is_some()
}

/// The text of a file, without its byte order mark. A file that is valid UTF-8 is taken as such:
/// Chinese in GB18030 practically never is.
pub fn decode(bytes: &[u8]) -> Result<String, Words> {
    if WORKBOOKS.iter().any(|start| bytes.starts_with(start)) {
        return Err(Words::new(
            "这是 Excel 工作簿。请在 Excel 里“另存为”CSV 文件再导入。",
            "This is an Excel workbook. Save it as CSV in Excel and import that.",
        ));
    }
    let unreadable = || {
        Words::new(
            "文件不是 UTF-8 也不是 GB18030 编码的文本，请重新另存为 CSV。",
            "The file is text in neither UTF-8 nor GB18030; save it as CSV again.",
        )
    };
    let marked = Encoding::for_bom(bytes);
    let decoded = match marked {
        Some((encoding, mark)) if encoding == UTF_8 => {
            let bytes = &bytes[mark..];
            let text = std::str::from_utf8(bytes).map_err(|error| damaged(bytes, error))?;
            Some(text.to_owned())
        }
        Some((encoding, mark)) => encoding
            .decode_without_bom_handling_and_without_replacement(&bytes[mark..])
            .map(std::borrow::Cow::into_owned),
        None => match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.to_owned()),
            Err(error) if began_as_utf8(bytes, error) => return Err(damaged(bytes, error)),
            Err(_) => GB18030
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(std::borrow::Cow::into_owned),
        },
    };
    let text = decoded.ok_or_else(unreadable)?;
    if text.contains('\0') { Err(unreadable()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_read_from_every_encoding_a_spreadsheet_writes() {
        let text = "房号,业主\n1-1-101,𠮷田\n";
        let utf16: Vec<u8> = "\u{feff}"
            .encode_utf16()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let (gb, _, lossy) = GB18030.encode(text);
        assert!(!lossy);
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [text.as_bytes(), &marked, &gb, &utf16] {
            assert_eq!(decode(bytes).unwrap(), text);
        }
    }

    #[test]
    fn a_workbook_and_what_is_no_text_are_refused_in_words() {
        assert!(decode(b"PK\x03\x04rest").unwrap_err().en.contains("workbook"));
        assert!(decode(b"\xff\xff\xff").is_err());
        assert!(decode(b"a\0b").is_err());
    }
}
