//! The shell as a person has it: keys go into a pseudo-terminal, and what it shows is read from there.

mod commands;
mod completion;
mod ends;
mod history;
mod statements;
mod typist;
