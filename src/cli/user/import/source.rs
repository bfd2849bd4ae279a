//! The files: which form each has, and reading them one after the other.

use std::{
    fmt::Display,
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::mpsc::Sender;
use zeroize::Zeroizing;

use super::{
    Form, csv,
    fields::{Entry, Found, Place, Refusal},
    json_lines, yaml,
};
use crate::cli::failure::{Failure, Kind};

/// The longest YAML file: it is read as a whole.
const MAX_YAML: u64 = 16 << 20;

/// What the reading thread says.
pub(super) enum Message {
    /// Some users.
    Group(Vec<Entry>),
    /// A file cannot be read any further.
    Failed(Failure),
}

/// A file to read.
pub(super) struct Source {
    /// As it was named.
    name: String,
    form: Form,
    /// What a user in it is called who is not named there.
    stem: Option<String>,
    input: Box<dyn Read + Send>,
    /// Its size in bytes, where it has one.
    pub(super) size: Option<u64>,
}

/// Why a file cannot be read any further.
pub(super) enum Unreadable {
    Io(io::Error),
    /// The rest of a sentence that begins with the file's name.
    Content(String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens all files first: a name that is mistyped is told before anything is done.
pub(super) fn sources(paths: &[PathBuf], form: Option<Form>) -> Result<Vec<Source>, Failure> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(usage("Standard input (-) can be read once; name it once."));
    }
    paths.iter().map(|path| open(path, form)).collect()
}

fn open(path: &Path, form: Option<Form>) -> Result<Source, Failure> {
    let name = path.display().to_string();
    let Some(form) = form.or_else(|| form_of(path)) else {
        let choose = "say --format jsonl, csv or yaml";
        return Err(usage(format_args!(
            "The form of {name} is not known; {choose}."
        )));
    };
    if name == "-" {
        return Ok(Source {
            name: "standard input".to_owned(),
            form,
            stem: None,
            input: Box::new(io::stdin()),
            size: None,
        });
    }
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = opened.map_err(|error| cannot_read(&name, &error))?;
    if metadata.is_dir() {
        return Err(usage(format_args!(
            "{name} is a folder; name the files in it."
        )));
    }
    Ok(Source {
        form,
        stem: path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .map(str::to_owned),
        input: Box::new(file),
        size: metadata.is_file().then_some(metadata.len()),
        name,
    })
}

fn form_of(path: &Path) -> Option<Form> {
    match path.extension()?.to_str()? {
        "jsonl" | "ndjson" => Some(Form::Jsonl),
        "csv" => Some(Form::Csv),
        "yaml" | "yml" => Some(Form::Yaml),
        _ => None,
    }
}

/// Reads all files and sends what is in them, `group` users at a time. Ends early where nobody
/// listens any more.
pub(super) fn read_all(
    sources: Vec<Source>,
    group: usize,
    read: &Arc<AtomicU64>,
    sender: &Sender<Message>,
) {
    let mut waiting = Vec::with_capacity(group);
    for source in sources {
        let mut sink = Sink {
            file: source.name.clone(),
            group,
            waiting: &mut waiting,
            sender,
        };
        if let Err(cause) = source.read(read.clone(), &mut sink) {
            sink.flush();
            sender.blocking_send(Message::Failed(cause)).ok();
            return;
        }
    }
    sender.blocking_send(Message::Group(waiting)).ok();
}

impl Source {
    fn read(self, read: Arc<AtomicU64>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let mut input = BufReader::new(Counted {
            input: self.input,
            read,
        });
        let outcome = match self.form {
            Form::Jsonl => json_lines::read(input, sink).map_err(Unreadable::Io),
            Form::Csv => csv::read(input, sink),
            Form::Yaml => {
                whole(&mut input).and_then(|text| yaml::read(&text, self.stem.as_deref(), sink))
            }
        };
        outcome.map_err(|cause| match cause {
            Unreadable::Io(error) => cannot_read(&self.name, &error),
            Unreadable::Content(what) => usage(format_args!("{}: {what}.", self.name)),
        })
    }
}

fn whole(input: &mut impl Read) -> Result<Zeroizing<String>, Unreadable> {
    let mut text = Zeroizing::new(String::new());
    input.take(MAX_YAML + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_YAML {
        return Err(Unreadable::Content("it is larger than 16 MiB".to_owned()));
    }
    Ok(text)
}

/// Where the users of a file go.
pub(super) struct Sink<'s> {
    file: String,
    group: usize,
    waiting: &'s mut Vec<Entry>,
    sender: &'s Sender<Message>,
}

impl Sink<'_> {
    /// Takes what a line came to; whether anybody wants more.
    pub(super) fn take(&mut self, line: u64, found: Result<Found, Refusal>) -> bool {
        let file = self.file.clone();
        let place = Place { file, line };
        self.waiting.push(Entry { place, found });
        self.waiting.len() < self.group || self.flush()
    }

    fn flush(&mut self) -> bool {
        let group = std::mem::take(self.waiting);
        self.sender.blocking_send(Message::Group(group)).is_ok()
    }
}

/// Counts the bytes that are read, for the progress that is shown.
struct Counted {
    input: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

fn cannot_read(name: &str, error: &io::Error) -> Failure {
    usage(format_args!(
        "{name} cannot be read ({error}); look at its name and who may read it."
    ))
}

fn usage(sentence: impl Display) -> Failure {
    Failure::new(Kind::Usage, sentence)
}
