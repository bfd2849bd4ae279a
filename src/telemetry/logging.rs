//! The subscriber: who may say how much, in which form, to stderr.

use std::{
    io::{self, IsTerminal},
    panic,
    sync::Arc,
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, Registry, filter::Targets, fmt, layer::SubscriberExt};

use super::lines::{EscapedFields, EscapedJson, OfRequest, UtcTime};
use crate::{
    config::{LogFormat, LogLevel, LogSettings},
    model::time::Clock,
};

/// A subscriber is there already.
#[derive(Debug, thiserror::Error)]
#[error("logging was started twice in one process")]
pub struct LoggingError(#[from] tracing::subscriber::SetGlobalDefaultError);

/// Starts logging for the whole process. `clock` dates the lines.
pub fn install(settings: &LogSettings, clock: Arc<dyn Clock>) -> Result<(), LoggingError> {
    let terminal = io::stderr().is_terminal();
    let text = match settings.format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = if text {
        text_lines(UtcTime(clock), io::stderr, colours)
    } else {
        json_lines(UtcTime(clock), io::stderr)
    };
    let subscriber = Registry::default().with(lines.with_filter(filter(settings.level)));
    tracing::subscriber::set_global_default(subscriber)?;
    log_panics();
    Ok(())
}

/// Libraries say warnings at most: below that, HTTP libraries show headers and SQL ones
/// statements.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("signet", level)
}

type Lines = Box<dyn Layer<Registry> + Send + Sync>;

fn text_lines<W: io::Write + 'static>(
    time: UtcTime,
    writer: impl Fn() -> W + Send + Sync + 'static,
    colours: bool,
) -> Lines {
    let lines = fmt::layer()
        .with_writer(move || OfRequest(writer()))
        .with_timer(time)
        .fmt_fields(EscapedFields);
    lines.with_ansi(colours).boxed()
}

fn json_lines<W: io::Write + 'static>(
    time: UtcTime,
    writer: impl Fn() -> W + Send + Sync + 'static,
) -> Lines {
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false);
    lines
        .with_writer(move || EscapedJson(writer()))
        .with_timer(time)
        .boxed()
}

/// A panic becomes a log line that says where, not what: its message may quote anything.
fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            place,
            "a task panicked: this is a defect of Signet, please report it"
        );
    }));
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Mutex, PoisonError},
    };

    use tracing::{info_span, subscriber::with_default};

    use super::*;
    use crate::model::{text::misleads, time::Timestamp};

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_769_860_800_000)
        }
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(level: LogLevel, text: bool, talk: impl FnOnce()) -> String {
        let written = Written::default();
        let to = written.clone();
        let writer = move || to.clone();
        let time = UtcTime(Arc::new(Noon));
        let lines = if text {
            text_lines(time, writer, false)
        } else {
            json_lines(time, writer)
        };
        with_default(
            Registry::default().with(lines.with_filter(filter(level))),
            talk,
        );
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_of_text_is_dated_in_utc_and_names_what_happened() {
        let text = written(LogLevel::Info, true, || {
            let _request = info_span!("request", id = "r1").entered();
            tracing::info!(user = %"usr_1", "logged in");
        });
        assert_eq!(
            text,
            "2026-01-31T12:00:00.000Z  INFO request{id=\"r1\"}: signet::telemetry::logging::tests: logged in user=usr_1\n"
        );
    }

    #[test]
    fn nothing_said_by_strangers_makes_a_line_of_its_own() {
        let hostile = "x\nERROR forged\r\u{1b}[2J\u{9b}31m\u{202e}gpj\u{2028}";
        let talk = || tracing::info!(display = %hostile, debug = ?hostile, "said {hostile}");
        let text = written(LogLevel::Info, true, talk);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(
            text.contains("display=x\\nERROR forged\\r\\u{1b}[2J\\u{9b}31m\\u{202e}gpj\\u{2028}"),
            "{text}"
        );
        let json = written(LogLevel::Info, false, talk);
        assert_eq!(json.lines().count(), 1, "{json}");
        assert!(!json.trim_end().contains(misleads), "{json}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["display"], hostile);
    }

    #[test]
    fn a_line_of_json_is_one_object() {
        let json = written(LogLevel::Info, false, || {
            let _request = info_span!("request", id = "r1").entered();
            tracing::warn!(count = 3, "late");
        });
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["timestamp"], "2026-01-31T12:00:00.000Z");
        assert_eq!(value["level"], "WARN");
        assert_eq!(value["message"], "late");
        assert_eq!(value["count"], 3);
        assert_eq!(value["spans"][0]["id"], "r1");
    }

    #[test]
    fn libraries_say_warnings_at_most() {
        let talk = || {
            tracing::trace!("own detail");
            tracing::info!(target: "hyper", "authorization: Bearer secret");
            tracing::warn!(target: "sqlx", "slow");
        };
        let text = written(LogLevel::Trace, true, talk);
        assert!(
            text.contains("own detail") && text.contains("slow") && !text.contains("secret"),
            "{text}"
        );
        assert_eq!(written(LogLevel::Error, true, talk), "");
    }
}
