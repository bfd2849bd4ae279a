//! Sizes in bytes as people write them: `64 KiB`, `1 MiB`, `500 B`.

use serde::de::{Deserialize, Deserializer, Error};

/// Reads a size in bytes; the error is the end of a sentence that begins with the setting's name.
pub fn parse(text: &str) -> Result<usize, String> {
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let factor: usize = match unit.trim_start() {
        "B" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        _ => return Err(not_a_size(trimmed)),
    };
    number
        .parse()
        .ok()
        .and_then(|number: usize| number.checked_mul(factor))
        .ok_or_else(|| not_a_size(trimmed))
}

/// For `#[config(deserialize_with = …)]`: a string as [`parse`] reads it.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

fn not_a_size(text: &str) -> String {
    format!("{text:?} is not a size; write a whole number and B, KiB or MiB, such as \"64 KiB\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_unit() {
        assert_eq!(parse("500B"), Ok(500));
        assert_eq!(parse("64 KiB"), Ok(65_536));
        assert_eq!(parse("1MiB"), Ok(1_048_576));
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "64",
            "64kb",
            "64 KB",
            "1.5 MiB",
            "-1 B",
            "99999999999999999999 B",
            "18446744073709551615 MiB",
        ] {
            assert!(parse(text).unwrap_err().contains("is not a size"), "{text}");
        }
    }
}
