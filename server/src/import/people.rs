//! The people of a unit from two cells: names, and their telephone numbers.

use domain::modules::households::{Contact, Relation};

use super::cells::narrow;
use crate::pinyin::search_keys;
use crate::words::Words;

/// Which of the two cells a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Names,
    Phones,
}

/// Several entries of one cell.
fn entries<'a>(text: &'a str, separators: &[char]) -> Vec<&'a str> {
    text.split(separators).map(str::trim).filter(|entry| !entry.is_empty()).collect()
}

/// Telephone numbers of a cell: `13900001111/13900002222`, `(0755)88881234`.
fn phones(text: &str) -> Result<Vec<String>, Words> {
    let text = narrow(text);
    let found = entries(&text, &['、', ';', '/', ',', '\n']);
    found.into_iter().map(phone).collect()
}

fn phone(text: &str) -> Result<String, Words> {
    let is_exponent = text.contains(['E', 'e'])
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | 'E' | 'e'));
    if is_exponent {
        return Err(Words::new(
            format!("“{text}”被表格软件改成了科学计数，号码已丢失。请把这一列设为文本后重新填写。"),
            format!(
                "“{text}” was turned into an exponent by the spreadsheet and has lost its digits; make the column text and fill it in again."
            ),
        ));
    }
    // What spreadsheets put around a number that is meant as text.
    let plain = text.trim_start_matches('\'').trim_end_matches(".0");
    Ok(plain.replace('(', "").replace(')', "-"))
}

/// The contacts of one relation. `numbers` is `None` where the file has no such column: then each
/// person keeps the number that is stored. One name with several numbers becomes several contacts of
/// that name, for a contact has one number.
pub fn contacts(
    relation: Relation,
    names: &str,
    numbers: Option<&str>,
    stored: &[Contact],
) -> Result<Vec<Contact>, (Cell, Words)> {
    let names = entries(names, &['、', ';', '；', '\n']);
    let contact = |name: &str, phone: String| Contact {
        name: name.to_owned(),
        relation,
        phone,
        pinyin: search_keys(name),
    };
    let Some(numbers) = numbers else {
        let known = |name: &str| {
            let same = |c: &&Contact| c.relation == relation && c.name == name;
            stored.iter().find(same).map(|c| c.phone.clone()).unwrap_or_default()
        };
        return Ok(names.into_iter().map(|name| contact(name, known(name))).collect());
    };
    let numbers = phones(numbers).map_err(|words| (Cell::Phones, words))?;
    if numbers.len() > names.len() && names.len() != 1 {
        let (people, count) = (names.len(), numbers.len());
        return Err((
            Cell::Phones,
            Words::new(
                format!("有 {count} 个电话，却只有 {people} 个姓名。"),
                format!("There are {count} telephone numbers for {people} names."),
            ),
        ));
    }
    if let [name] = names[..]
        && !numbers.is_empty()
    {
        return Ok(numbers.into_iter().map(|number| contact(name, number)).collect());
    }
    let mut numbers = numbers.into_iter();
    Ok(names.into_iter().map(|name| contact(name, numbers.next().unwrap_or_default())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &str, numbers: &str) -> Vec<(String, String)> {
        let found = contacts(Relation::Owner, names, Some(numbers), &[]).unwrap();
        found.into_iter().map(|contact| (contact.name, contact.phone)).collect()
    }

    #[test]
    fn names_and_numbers_are_matched_in_their_order() {
        let pair = |name: &str, phone: &str| (name.to_owned(), phone.to_owned());
        assert_eq!(people("张三", "１３９ ００００ 1111"), [pair("张三", "139 0000 1111")]);
        assert_eq!(
            people("张三、李四", "13900001111；13900002222"),
            [pair("张三", "13900001111"), pair("李四", "13900002222")]
        );
        assert_eq!(
            people("张三", "13900001111/(0755)88881234"),
            [pair("张三", "13900001111"), pair("张三", "0755-88881234")]
        );
        assert_eq!(people("张三", ""), [pair("张三", "")]);
        assert_eq!(people("", ""), []);
    }

    #[test]
    fn numbers_without_a_name_and_lost_digits_are_told() {
        let wrong =
            |names, numbers| contacts(Relation::Tenant, names, Some(numbers), &[]).unwrap_err().0;
        assert_eq!(wrong("", "13900001111"), Cell::Phones);
        assert_eq!(wrong("张三", "1.39E+10"), Cell::Phones);
    }

    #[test]
    fn without_a_column_of_numbers_everybody_keeps_theirs() {
        let stored = contacts(Relation::Owner, "张三", Some("13900001111"), &[]).unwrap();
        let again = contacts(Relation::Owner, "张三、李四", None, &stored).unwrap();
        assert_eq!(again[0], stored[0]);
        assert_eq!(again[1].phone, "");
        assert_eq!(again[0].pinyin, ["zs", "zhangsan"]);
    }
}
