//! Opening a database: what for, and why it cannot be.

use std::path::PathBuf;

use super::error::StoreError;

/// What a process opens the database for, which says what it may make and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To serve from it. It is made where it is missing; of a file there is one server at a time.
    Serve,
    /// To begin with it, beside whatever server there is. It is made where it is missing.
    Begin,
    /// To read and write what is there. It must exist.
    Use,
    /// To look. It must exist, and nothing at all is written, beside it neither.
    Look,
}

impl Purpose {
    /// Whether what is missing is made: the database, its tables, the first keys.
    #[must_use]
    pub const fn makes(self) -> bool {
        matches!(self, Self::Serve | Self::Begin)
    }
}

/// Why a database does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There is none.
    #[error("there is no database at {}", .0.display())]
    Missing(PathBuf),
    /// What is there is no database of ours, or none can be made there.
    #[error("{} {why}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The rest of the sentence that begins with its name.
        why: String,
    },
    /// Another process serves from it.
    #[error("the database {} is served by another process already", .0.display())]
    Served(PathBuf),
    /// It lacks migrations, and is not opened to be brought up to date.
    #[error("the database is not up to date, it lacks {}", .0.join(", "))]
    Outdated(Vec<String>),
    /// It does not do as it is told.
    #[error(transparent)]
    Store(#[from] StoreError),
}
