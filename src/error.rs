//! The one error type. It knows kinds and sentences, no HTTP and no SQL:
//! `web` turns a kind into a status, `cli` into an exit code.

use std::borrow::Cow;
use std::fmt;

/// What went wrong, coarse enough to decide an answer by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line was not understood.
    Usage,
    /// Configuration or key missing, wrong or contradictory.
    Config,
    /// Stored data is damaged.
    Damaged,
    /// The port is taken by somebody else.
    PortInUse,
    /// The data folder cannot be written.
    CannotWrite,
    /// Reading or writing failed.
    Io,
    /// The disk has no room; it passes once there is some.
    Full,
    /// Another process serves this folder.
    Held,
    /// The caller may not do this.
    NotAllowed,
    /// The caller has not said who they are.
    Unauthenticated,
    /// There is no such thing, or it is somebody else's.
    NotFound,
    /// A value is not acceptable; the sentence says which and why.
    Invalid,
    /// It collides with something that exists.
    Conflict,
    /// Too much at once; try again later.
    Busy,
    /// A defect of ours.
    Internal,
}

/// An error: a kind, a sentence for the reader, and its cause for the log.
pub struct Error {
    kind: Kind,
    message: Cow<'static, str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Error {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The same error with what caused it.
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(Kind::Invalid, message)
    }

    pub fn not_found(what: &str) -> Self {
        Error::new(Kind::NotFound, format!("There is no such {what}."))
    }

    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(Kind::Internal, message)
    }

    pub fn damaged(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(Kind::Damaged, message)
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence for the reader, without its causes.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = self
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static));
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            // One of ours has just told its own causes.
            cause = match error.is::<Error>() {
                true => None,
                false => error.source(),
            };
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::new(Kind::Io, "Reading or writing failed").because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_each_of_its_causes_once_and_gives_the_first_out() {
        let disk = std::io::Error::other("the disk is gone");
        let inner = Error::new(Kind::Io, "Reading failed").because(disk);
        let outer = Error::internal("The page was not made").because(inner);
        assert_eq!(
            outer.to_string(),
            "The page was not made: Reading failed: the disk is gone"
        );
        let cause = std::error::Error::source(&outer).unwrap();
        let inner = cause.downcast_ref::<Error>().unwrap();
        let disk = std::error::Error::source(inner).unwrap();
        assert!(disk.is::<std::io::Error>());
    }
}
