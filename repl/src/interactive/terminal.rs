//! The state of the terminal before the shell changed it.

use std::io::{self, Write};

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

/// What ends the marking of pasted text, which the line editor begins at each prompt.
const PASTES_UNMARKED: &str = "\u{1b}[?2004l";

/// How the terminal was.
///
/// The line editor puts it back after each input. A signal that ends the shell comes while it waits for one, so this does it in
/// its place: else the user's own shell would have a terminal that does not show what is typed.
pub struct Terminal(Option<Termios>);

impl Terminal {
    /// Remembers how the terminal at standard input is.
    pub fn remember() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }

    /// Puts it back.
    pub fn restore(&self) {
        let Some(attributes) = &self.0 else { return };
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, attributes);
        let mut terminal = io::stdout();
        let _ = terminal.write_all(format!("{PASTES_UNMARKED}\n").as_bytes());
        let _ = terminal.flush();
    }
}
