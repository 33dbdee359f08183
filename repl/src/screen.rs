//! How much a terminal can show. It is asked anew each time, since its window may have changed.

use std::os::fd::AsFd;

/// The columns of the terminal at `file`; `None` if it is no terminal, or does not say.
pub fn columns(file: impl AsFd) -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(file)?;
    Some(usize::from(width.0))
}
