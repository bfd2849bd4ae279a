use super::*;

fn log(numbers: &[i64]) -> Log {
    let row = |number: &i64| ChangeRow {
        number: *number,
        mark: format!("m{number}"),
        change: Change::SigningKeysChanged,
    };
    Log {
        rows: numbers.iter().map(row).collect(),
        more: false,
        latest: numbers.last().copied().unwrap_or_default(),
        now: Timestamp::default(),
    }
}

#[test]
fn it_goes_on_only_from_a_row_that_is_there_as_it_was() {
    let after = |numbers: &[i64], number, mark: &str| {
        rows_after(&log(numbers), number, mark).map(<[ChangeRow]>::len)
    };
    assert_eq!(after(&[4, 5, 9], 4, "m4"), Some(2));
    assert_eq!(after(&[4], 4, "m4"), Some(0));
    assert_eq!(after(&[4, 5], 4, "other"), None);
    assert_eq!(after(&[5, 6], 4, "m4"), None);
    assert_eq!(after(&[], 4, "m4"), None);
    assert_eq!(after(&[], 0, ""), Some(0));
    assert_eq!(after(&[1, 2], 0, ""), Some(2));
    assert_eq!(after(&[2, 3], 0, ""), None);
}

#[test]
fn it_reads_what_it_writes() {
    let newest = text_of(end_of(&log(&[3, 7])));
    let expected = Rev::At {
        number: 7,
        mark: "m7",
    };
    assert_eq!(parse(&newest), expected);
    assert_eq!(
        parse(&text_of(end_of(&log(&[])))),
        Rev::At {
            number: 0,
            mark: ""
        }
    );
    let at = Timestamp::from_millis(1_760_000_000_000);
    assert_eq!(
        parse(&text_of((0, &claim("00ff", at)))),
        Rev::Rebuilding(at)
    );
    for nonsense in ["", "7", "x:m", "0:rebuild-"] {
        assert_eq!(parse(nonsense), Rev::Unknown, "{nonsense}");
    }
}
