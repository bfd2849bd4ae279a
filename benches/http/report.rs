//! The table at the end.

use crate::load::Round;
use crate::machine::Rates;

/// The rounds of a path by its name.
pub(crate) type Path = (&'static str, Vec<Round>);

/// Prints the paths, and this machine's own rates beside those that consist of little else.
pub(crate) fn print(paths: &[Path], rates: &[Rates]) {
    table(paths, &["bare", "echo"]);
    println!("\nThis machine, all cores:");
    let against = |name: &str, rate: fn(&Rates) -> f64| {
        let (_, rounds) = paths
            .iter()
            .find(|(path, _)| *path == name)
            .expect("a measured path");
        (
            median(rates.iter().map(rate)),
            ratio(rounds, rates, |round| round.per_second, rate),
        )
    };
    let (rate, ratio) = against("login", |rates| rates.argon2);
    println!(
        "{:<24}{rate:>9.0}/s   login is {ratio:.3} of it",
        "Argon2id 19 MiB × 2"
    );
    let (rate, ratio) = against("refresh", |rates| rates.es256);
    println!(
        "{:<24}{rate:>9.0}/s   refresh is {ratio:.3} of it",
        "ES256 signatures"
    );
}

/// Prints one line a path, each figure the median of its rounds, and each ratio the median of the
/// ratios within a round. The first paths are what the others are compared with, by these names.
pub(crate) fn table(paths: &[Path], first: &[&str]) {
    print!(
        "\n{:<24}{:>9}{:>13}{:>13}{:>13}{:>13}",
        "", "/s", "p50", "p99", "cpu each", "behind it"
    );
    for name in first {
        print!("{:>10}", format!("of {name}"));
    }
    println!();
    for (name, rounds) in paths {
        print!(
            "{name:<24}{:>9.0}{:>10.2} ms{:>10.2} ms{:>10.1} µs{:>10.1} µs",
            median(rounds.iter().map(|round| round.per_second)),
            median(rounds.iter().map(|round| round.p50.as_secs_f64())) * 1e3,
            median(rounds.iter().map(|round| round.p99.as_secs_f64())) * 1e3,
            median(rounds.iter().map(|round| round.cpu.as_secs_f64())) * 1e6,
            median(rounds.iter().map(|round| round.cpu_behind.as_secs_f64())) * 1e6,
        );
        for (_, others) in &paths[..first.len()] {
            print!(
                "{:>10.3}",
                ratio(
                    rounds,
                    others,
                    |round| round.per_second,
                    |round| round.per_second
                )
            );
        }
        println!();
    }
}

/// The median of the ratios within a round.
pub(crate) fn ratio<A, B>(
    ones: &[A],
    others: &[B],
    rate: impl Fn(&A) -> f64,
    of: impl Fn(&B) -> f64,
) -> f64 {
    median(
        ones.iter()
            .zip(others)
            .map(|(one, other)| rate(one) / of(other)),
    )
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
