//! Durations as people write them: `300s`, `15 m`, `24h`, `14d`, `500ms`; `0` alone is zero.
//!
//! Strict on purpose: one whole number and one unit. `1h30m`, `1.5h` and a bare `300` are refused
//! with the sentence that says what to write, because a wrong guess here is a security setting.

use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};

/// Ten years: longer than any setting means, short enough for every clock arithmetic.
const LONGEST: Duration = Duration::from_hours(3650 * 24);

/// Reads a duration; the error is the end of a sentence that begins with the setting's name.
pub fn parse(text: &str) -> Result<Duration, String> {
    let trimmed = text.trim();
    if trimmed == "0" {
        return Ok(Duration::ZERO);
    }
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let unit_millis = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" if digits > 0 => {
            return Err(format!(
                "{trimmed:?} has no unit; write \"{number}s\" for seconds"
            ));
        }
        _ => return Err(not_a_duration(trimmed)),
    };
    let number: u64 = number.parse().map_err(|_| not_a_duration(trimmed))?;
    number
        .checked_mul(unit_millis)
        .map(Duration::from_millis)
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| {
            format!("{trimmed:?} is longer than ten years (3650d), the most any setting takes")
        })
}

/// Writes a duration the way [`parse`] reads it, in its largest whole unit.
#[must_use]
pub fn format(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ];
    match units
        .iter()
        .find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit))
    {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None if millis == 0 => "0s".to_owned(),
        None => format!("{millis}ms"),
    }
}

/// For `#[config(deserialize_with = …)]`: a string as [`parse`] reads it, or the number 0.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    struct DurationVisitor;

    impl Visitor<'_> for DurationVisitor {
        type Value = Duration;

        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("a duration such as \"300s\" or \"14d\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
            parse(text).map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Duration, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Duration, E> {
            self.visit_str(&number.to_string())
        }
    }

    from.deserialize_any(DurationVisitor)
}

fn not_a_duration(text: &str) -> String {
    format!(
        "{text:?} is not a duration; write one whole number and one unit (ms, s, m, h or d), such as \"300s\" or \"14d\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_unit() {
        for (text, millis) in [
            ("500ms", 500),
            ("300s", 300_000),
            ("15 m", 900_000),
            ("24h", 86_400_000),
            ("14d", 1_209_600_000),
            (" 30 d ", 2_592_000_000),
            ("0", 0),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn refuses_what_it_would_have_to_guess() {
        for text in [
            "",
            "s",
            "1.5h",
            "1h30m",
            "-5s",
            "+5s",
            "300 sec",
            "5 S",
            "0x10s",
            "1_000s",
            "99999999999999999999s",
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("is not a duration"), "{text}: {error}");
        }
        assert_eq!(
            parse("300").unwrap_err(),
            "\"300\" has no unit; write \"300s\" for seconds"
        );
        assert!(
            parse("3651d")
                .unwrap_err()
                .contains("longer than ten years")
        );
        assert!(
            parse("18446744073709551615d")
                .unwrap_err()
                .contains("longer than ten years")
        );
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["500ms", "300s", "90s", "24h", "14d", "0s", "1m"] {
            assert_eq!(parse(&format(parse(text).unwrap())), parse(text));
        }
        assert_eq!(format(Duration::from_mins(5)), "5m");
        assert_eq!(format(Duration::from_hours(24)), "1d");
    }
}
