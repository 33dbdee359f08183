//! Why a run ended early, and the exit code that says so to the shell. This is the one place where codes are mapped.

use owlet_engine::{Error, ErrorCode};

use crate::signals::Signal;

/// Every exit code, for help.
pub const EXIT_CODES: &[(u8, &str)] = &[
    (0, "every statement succeeded and its result was written"),
    (
        1,
        "a statement failed, or its result could not be written; a step of owlet doctor failed",
    ),
    (2, "the arguments are wrong, or a script cannot be read; nothing ran"),
    (3, "the configuration is wrong, or Owlet could not start; nothing ran"),
    (
        4,
        "a statement failed, but may succeed when run again: STORAGE_UNAVAILABLE, OBJECT_CHANGED, QUERY_QUEUE_FULL",
    ),
    (129, "ended by SIGHUP: the query was cancelled and recorded"),
    (130, "ended by SIGINT (Ctrl-C): the query was cancelled and recorded"),
    (141, "whoever read standard output closed it; what was left did not run"),
    (143, "ended by SIGTERM: the query was cancelled and recorded"),
];

/// Why a run ended early.
#[derive(Debug)]
pub enum Failure {
    /// The user asked for what cannot be.
    Usage(String),
    /// The engine did not start.
    Start(Error),
    /// A statement failed; the user was told where and why.
    Statement(ErrorCode),
    /// Steps of an examination failed; the user was told which.
    Unwell,
    /// A result could not be written.
    Output(String),
    /// The reader of standard output went away, as `head` does. No error of ours: the user is told nothing.
    ///
    /// The code is not 0, since statements of a script may not have run; shells show it only under `pipefail`.
    ClosedPipe,
    /// A signal asked us to end.
    Stopped(Signal),
}

impl Failure {
    /// What the process ends with, one of [`EXIT_CODES`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Start(_) => 3,
            Self::Statement(code) if may_succeed_again(*code) => 4,
            Self::Statement(_) | Self::Unwell | Self::Output(_) => 1,
            Self::ClosedPipe => 141,
            Self::Stopped(signal) => signal.exit_code(),
        }
    }

    /// What the user is still to be told.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Usage(message) | Self::Output(message) => Some(message.clone()),
            Self::Start(error) => Some(error.to_string()),
            Self::Stopped(signal) => Some(format!("{}: ended by {}", ErrorCode::Cancelled, signal.name())),
            Self::Statement(_) | Self::Unwell | Self::ClosedPipe => None,
        }
    }
}

/// Whether nothing is wrong with the statement: what stopped it passes.
fn may_succeed_again(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::StorageUnavailable | ErrorCode::ObjectChanged | ErrorCode::QueryQueueFull
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_ends_with_a_code_that_help_explains() {
        let statements = ErrorCode::ALL.iter().map(|code| Failure::Statement(*code));
        let signals = Signal::ALL.iter().map(|signal| Failure::Stopped(*signal));
        let others = [
            Failure::Usage(String::new()),
            Failure::Start(Error::new(ErrorCode::InvalidSetting, "")),
            Failure::Output(String::new()),
            Failure::Unwell,
            Failure::ClosedPipe,
        ];
        for failure in statements.chain(signals).chain(others) {
            let code = failure.exit_code();
            assert_ne!(code, 0);
            assert!(
                EXIT_CODES.iter().any(|(known, _)| *known == code),
                "{failure:?} ends with {code}"
            );
        }
    }

    #[test]
    fn help_names_exactly_the_errors_that_are_worth_another_try() {
        let (_, help) = EXIT_CODES.iter().find(|(code, _)| *code == 4).unwrap();
        for code in ErrorCode::ALL {
            assert_eq!(help.contains(code.as_str()), may_succeed_again(*code), "{code}");
        }
    }
}
