//! The one error of the engine, and the closed list of its codes.
//!
//! A code exists only if a caller would act differently on it. A message is lower case, names the object in quotes and says
//! what to do. No secret may enter a message.

use std::fmt;

/// What every fallible function of the engine returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a statement, or the start of the engine, failed. The names are the field's (Trino, Athena, DataFusion).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The text is not a statement of the dialect. Carries a position.
    SyntaxError,
    /// Understood, but not offered by this version.
    NotSupported,
    /// The principal may not do this, or the configuration does not allow this location.
    PermissionDenied,
    /// No database of that name.
    DatabaseNotFound,
    /// No table, view or file of that name.
    TableNotFound,
    /// A database, table, view or partition of that name is there already, or files are where a new table is to be.
    AlreadyExists,
    /// No column of that name in the relations at hand.
    ColumnNotFound,
    /// No function of that name, or none for those argument types.
    FunctionNotFound,
    /// The types of an expression do not fit together.
    TypeMismatch,
    /// A value cannot be used here: a division by zero, a cast that fails, a number out of range.
    InvalidValue,
    /// A setting is unknown or has a bad value.
    InvalidSetting,
    /// The bytes of a file are not what its format demands, or two files of a table clash.
    BadData,
    /// An object changed or vanished while the query read it. Running the statement again helps.
    ObjectChanged,
    /// The store refuses our credentials, or denies access with them.
    StorageDenied,
    /// The store did not answer, or answered wrongly, after all retries.
    StorageUnavailable,
    /// The query asked for more memory than it was granted and could not spill.
    ExceededMemoryLimit,
    /// The spill directory is full, by its limit or by the disk's.
    ExceededSpillLimit,
    /// Planning or execution ran past its deadline.
    ExceededTimeLimit,
    /// The statement is longer, deeper or wider than the settings allow.
    ExceededStatementLimit,
    /// Too many statements are running and waiting.
    QueryQueueFull,
    /// The caller cancelled the query or went away.
    Cancelled,
    /// A defect of Owlet or of a library under it.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of its declaration.
    pub const ALL: &'static [ErrorCode] = &[
        Self::SyntaxError,
        Self::NotSupported,
        Self::PermissionDenied,
        Self::DatabaseNotFound,
        Self::TableNotFound,
        Self::AlreadyExists,
        Self::ColumnNotFound,
        Self::FunctionNotFound,
        Self::TypeMismatch,
        Self::InvalidValue,
        Self::InvalidSetting,
        Self::BadData,
        Self::ObjectChanged,
        Self::StorageDenied,
        Self::StorageUnavailable,
        Self::ExceededMemoryLimit,
        Self::ExceededSpillLimit,
        Self::ExceededTimeLimit,
        Self::ExceededStatementLimit,
        Self::QueryQueueFull,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The name that users see and scripts compare, such as `TABLE_NOT_FOUND`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SyntaxError => "SYNTAX_ERROR",
            Self::NotSupported => "NOT_SUPPORTED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::DatabaseNotFound => "DATABASE_NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::TableNotFound => "TABLE_NOT_FOUND",
            Self::ColumnNotFound => "COLUMN_NOT_FOUND",
            Self::FunctionNotFound => "FUNCTION_NOT_FOUND",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::InvalidValue => "INVALID_VALUE",
            Self::InvalidSetting => "INVALID_SETTING",
            Self::BadData => "BAD_DATA",
            Self::ObjectChanged => "OBJECT_CHANGED",
            Self::StorageDenied => "STORAGE_DENIED",
            Self::StorageUnavailable => "STORAGE_UNAVAILABLE",
            Self::ExceededMemoryLimit => "EXCEEDED_MEMORY_LIMIT",
            Self::ExceededSpillLimit => "EXCEEDED_SPILL_LIMIT",
            Self::ExceededTimeLimit => "EXCEEDED_TIME_LIMIT",
            Self::ExceededStatementLimit => "EXCEEDED_STATEMENT_LIMIT",
            Self::QueryQueueFull => "QUERY_QUEUE_FULL",
            Self::Cancelled => "CANCELLED",
            Self::Internal => "INTERNAL",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in the text of a statement. Lines and columns count from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u64,
    /// The character in the line, from 1.
    pub column: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A failure: its code, what happened in words, where in the statement, and what lay beneath.
pub struct Error(Box<Body>);

struct Body {
    code: ErrorCode,
    message: String,
    position: Option<Position>,
    query_id: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with `code` and `message`, without position or source.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(Body {
            code,
            message: message.into(),
            position: None,
            query_id: None,
            source: None,
        }))
    }

    /// The same error, pointing at `position` of the statement's text.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.0.position = Some(position);
        self
    }

    /// The same error, pointing nowhere: its position is in another text than the reader's.
    #[must_use]
    pub fn without_position(mut self) -> Self {
        self.0.position = None;
        self
    }

    /// The same error, with what lay beneath it. The source is for logs; users see the message alone.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error, with `prefix: ` before its message: where it happened, outermost first.
    #[must_use]
    pub fn context(mut self, prefix: impl fmt::Display) -> Self {
        self.0.message = format!("{prefix}: {}", self.0.message);
        self
    }

    /// The same error, as that of the statement `query_id`.
    #[must_use]
    pub fn of_query(mut self, query_id: impl Into<String>) -> Self {
        self.0.query_id = Some(query_id.into());
        self
    }

    /// The identifier under which the history has the statement that failed, if it got that far.
    #[must_use]
    pub fn query_id(&self) -> Option<&str> {
        self.0.query_id.as_deref()
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// What happened and what to do, for people. Without code and position.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in the statement's text, if it is known.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)?;
        match self.0.position {
            Some(position) => write!(f, " ({position})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("position", &self.0.position)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
