//! Somebody who types at a terminal, and waits for what it shows before they go on.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;

use crate::shell::Shell;

/// How long anything may take to be shown.
const PATIENCE: Duration = Duration::from_mins(1);

pub const PROMPT: &str = "owlet default> ";
pub const CTRL_A: &str = "\u{1}";
pub const CTRL_C: &str = "\u{3}";
pub const CTRL_D: &str = "\u{4}";
pub const UP: &str = "\u{1b}[A";

/// A shell on a terminal of its own, and whoever types there.
pub struct Typist {
    child: Child,
    /// The directory, if it is nobody else's.
    own: Option<Shell>,
    keyboard: File,
    slave: OwnedFd,
    shown: Receiver<Vec<u8>>,
    /// What was shown, as it came.
    raw: Vec<u8>,
    /// Up to where in [`Self::screen`] the typist has read.
    read: usize,
}

impl Typist {
    /// Starts `owlet` alone in a directory of its own, and waits for its prompt.
    pub fn alone() -> Self {
        let shell = Shell::new();
        let mut typist = Self::start(&shell);
        typist.own = Some(shell);
        typist
    }

    /// Starts `owlet` alone, without colours, and waits for its prompt.
    pub fn start(shell: &Shell) -> Self {
        let mut typist = Self::start_with(shell, &[], &[("NO_COLOR", "1")], 120);
        typist.expect(PROMPT);
        typist
    }

    /// Starts `owlet` with these arguments and variables on a terminal of so many columns.
    pub fn start_with(shell: &Shell, arguments: &[&str], variables: &[(&str, &str)], columns: u16) -> Self {
        let size = Winsize {
            ws_row: 50,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let terminal = openpty(Some(&size), None).unwrap();
        let owlet = shell.command(arguments);
        // The terminal must be the session's own, so that Ctrl-C becomes a signal.
        let mut command = Command::new("/usr/bin/setsid");
        command
            .arg("--ctty")
            .arg(owlet.get_program())
            .args(owlet.get_args())
            .env_clear();
        command.current_dir(owlet.get_current_dir().unwrap());
        for (name, value) in owlet.get_envs() {
            command.env(name, value.unwrap());
        }
        command.env("TERM", "xterm").envs(variables.iter().copied());
        let side = || Stdio::from(terminal.slave.try_clone().unwrap());
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        let (sender, shown) = channel();
        let mut screen = File::from(terminal.master.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            own: None,
            keyboard: File::from(terminal.master),
            slave: terminal.slave,
            shown,
            raw: Vec::new(),
            read: 0,
        }
    }

    pub fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until `text` is shown behind what was read last; all up to its end.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if let Some(at) = screen[self.read..].find(text) {
                let end = self.read + at + text.len();
                let found = screen[self.read..end].to_owned();
                self.read = end;
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let more = self.shown.recv_timeout(left);
            assert!(more.is_ok(), "{text:?} is not shown but {:?}", &screen[self.read..]);
            self.raw.extend(more.unwrap());
        }
    }

    /// Types a statement, and waits for its costs and the next prompt; all that was shown.
    #[track_caller]
    pub fn run(&mut self, statement: &str) -> String {
        self.type_keys(&format!("{statement}\r"));
        self.expect(" spilled\n") + &self.expect("> ")
    }

    /// What was shown, with the escape sequences in it.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Whether the terminal shows what is typed and hands over whole lines, as a user's own shell expects it.
    pub fn is_as_it_was(&self) -> bool {
        let flags = tcgetattr(&self.slave).unwrap().local_flags;
        flags.contains(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG)
    }

    pub fn send(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits for the end of the shell: its exit code.
    #[track_caller]
    pub fn end(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "the shell does not end: {:?}", self.screen());
            std::thread::yield_now();
        }
    }

    /// What was shown, without escape sequences, with plain line ends.
    fn screen(&self) -> String {
        let text = String::from_utf8_lossy(&self.raw);
        let mut plain = String::with_capacity(text.len());
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\u{1b}' => {
                    // `ESC [ … letter`; a sequence that has not come whole yet ends the text.
                    let _ = characters.by_ref().find(char::is_ascii_alphabetic);
                }
                '\r' | '\u{7}' => {}
                other => plain.push(other),
            }
        }
        plain
    }
}

impl Drop for Typist {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
