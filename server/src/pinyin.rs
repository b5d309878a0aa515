//! Search keys of Chinese names, made here because the table would cost every phone 68 kB.

use pinyin::ToPinyin;

/// Initials and full pinyin: 张三 → `["zs", "zhangsan"]`. Empty for a name without Chinese.
pub fn search_keys(name: &str) -> Vec<String> {
    let syllables: Vec<&str> = name.to_pinyin().flatten().map(pinyin::Pinyin::plain).collect();
    if syllables.is_empty() {
        return Vec::new();
    }
    let initials = syllables.iter().filter_map(|syllable| syllable.chars().next()).collect();
    vec![initials, syllables.concat()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_initials_and_its_pinyin() {
        assert_eq!(search_keys("张三"), ["zs", "zhangsan"]);
        assert!(search_keys("Smith").is_empty());
    }
}
