//! The recorder behind the `metrics` macros.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds, in seconds, for every metric whose name ends in `_seconds`: from a token
/// verified in memory to a request that ran into its time limit.
const SECONDS: [f64; 12] = [
    0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// The recorder cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be started: {0}")]
pub struct MetricsError(#[from] BuildError);

/// Everything counted so far.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts counting for the whole process; before that the macros do nothing.
    pub fn install() -> Result<Self, MetricsError> {
        Ok(Self(builder()?.install_recorder()?))
    }

    /// The page for Prometheus, in its text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds recent samples into their buckets. To be called every few seconds: without it the
    /// samples of a server that nobody scrapes pile up.
    pub fn fold(&self) {
        self.0.run_upkeep();
    }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_counters_and_histograms_of_seconds() {
        let recorder = builder().unwrap().build_recorder();
        let page = Metrics(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("logins_total", "outcome" => "accepted").increment(2);
            metrics::histogram!("request_seconds").record(0.003);
        });
        page.fold();
        let page = page.render();
        assert!(
            page.contains("logins_total{outcome=\"accepted\"} 2"),
            "{page}"
        );
        assert!(
            page.contains("request_seconds_bucket{le=\"0.005\"} 1"),
            "{page}"
        );
        assert!(
            page.contains("request_seconds_bucket{le=\"0.0025\"} 0"),
            "{page}"
        );
    }
}
