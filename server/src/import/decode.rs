//! Bytes of a file to text. Excel in China saves CSV as GB18030, others as UTF-8 or UTF-16.

use encoding_rs::{Encoding, GB18030};

use crate::words::Words;

/// How workbooks begin: `.xlsx` is a zip archive, `.xls` a compound file.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

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
        Some((encoding, mark)) => encoding
            .decode_without_bom_handling_and_without_replacement(&bytes[mark..])
            .map(std::borrow::Cow::into_owned),
        None => match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.to_owned()),
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
