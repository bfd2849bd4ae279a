//! The table at the end.

use crate::load::Round;
use crate::machine::Rates;

/// Prints one line a path, each figure the median of its rounds, and each ratio the median of the
/// ratios within a round. The first two paths are what the others are compared with.
pub(crate) fn print(paths: &[(&str, Vec<Round>)], rates: &[Rates]) {
    println!(
        "\n{:<20}{:>9}{:>13}{:>13}{:>13}{:>10}{:>10}",
        "", "/s", "p50", "p99", "cpu each", "of bare", "of echo",
    );
    let [(_, bare), (_, echo), ..] = paths else {
        return;
    };
    for (name, rounds) in paths {
        println!(
            "{name:<20}{:>9.0}{:>10.2} ms{:>10.2} ms{:>10.1} µs{:>10.3}{:>10.3}",
            median(rounds.iter().map(|round| round.per_second)),
            median(rounds.iter().map(|round| round.p50.as_secs_f64())) * 1e3,
            median(rounds.iter().map(|round| round.p99.as_secs_f64())) * 1e3,
            median(rounds.iter().map(|round| round.cpu.as_secs_f64())) * 1e6,
            ratio(rounds, bare, |round| round.per_second),
            ratio(rounds, echo, |round| round.per_second),
        );
    }
    println!("\nThis machine, all cores:");
    let against = |name: &str, rate: fn(&Rates) -> f64| {
        let (_, rounds) = paths
            .iter()
            .find(|(path, _)| *path == name)
            .expect("a measured path");
        (median(rates.iter().map(rate)), ratio(rounds, rates, rate))
    };
    let (rate, ratio) = against("login", |rates| rates.argon2);
    println!(
        "{:<20}{rate:>9.0}/s   login is {ratio:.3} of it",
        "Argon2id 19 MiB × 2"
    );
    let (rate, ratio) = against("refresh", |rates| rates.es256);
    println!(
        "{:<20}{rate:>9.0}/s   refresh is {ratio:.3} of it",
        "ES256 signatures"
    );
}

fn ratio<T>(rounds: &[Round], others: &[T], rate: impl Fn(&T) -> f64) -> f64 {
    median(
        rounds
            .iter()
            .zip(others)
            .map(|(round, other)| round.per_second / rate(other)),
    )
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
