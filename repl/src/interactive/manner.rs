//! How the shell shows results, as commands have last asked for it.

use std::path::PathBuf;

use crate::arguments::RowLimit;
use crate::destination::Destination;
use crate::failure::Failure;
use crate::footer::Footer;
use crate::formats::{FORMATS, Format, Reader};
use crate::output::{self, Output};
use crate::palette::Palette;

/// How results and messages are shown.
pub struct Manner {
    /// How results are written.
    pub format: &'static Format,
    /// How many rows of a table are shown; by default a screen or two on a terminal.
    pub max_rows: Option<RowLimit>,
    /// What is said of each statement.
    pub footer: Footer,
    /// Whether standard output is a terminal.
    pub writes_to_terminal: bool,
    /// Whether standard error is a terminal that can take a line back.
    pub shows_progress: bool,
    /// The colours of messages.
    pub palette: Palette,
    /// Where the next result of a statement goes, if not to standard output.
    pub once: Option<(PathBuf, &'static Format)>,
}

impl Manner {
    /// The file for the next result of a statement, if it goes to one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn file(&self) -> Option<Result<Output, Failure>> {
        let (path, format) = self.once.as_ref()?;
        let output = Destination::file(path).map(|destination| Output::new(format, destination, None));
        Some(output.map_err(|error| Failure::Output(format!("cannot write to \"{}\": {error}", path.display()))))
    }

    /// The place for a result that the person sees.
    ///
    /// # Errors
    /// There is no standard output.
    pub fn output(&self) -> Result<Output, Failure> {
        let destination = Destination::standard_output(self.writes_to_terminal)
            .map_err(|error| Failure::Output(format!("cannot write to standard output: {error}")))?;
        let shown_rows = output::shown_rows(self.max_rows, self.writes_to_terminal, self.format);
        Ok(Output::new(self.format, destination, shown_rows))
    }

    /// Writes results in `format` from now on.
    ///
    /// # Errors
    /// The format is not for the eyes of people, in words for the user.
    pub fn choose(&mut self, format: &'static Format) -> Result<(), String> {
        if format.reader == Reader::BinaryProgram {
            let name = format.name;
            return Err(format!(
                "the format {name} is not for people: write a result to a file with .once FILE.{name}"
            ));
        }
        self.format = format;
        Ok(())
    }

    /// How many rows of a table are shown, as a command would say it.
    pub fn row_limit(&self) -> String {
        let rows = output::shown_rows(self.max_rows, self.writes_to_terminal, &FORMATS[0]);
        rows.map_or("all".to_owned(), |rows| rows.to_string())
    }

    /// Whether it is said what statements cost.
    pub fn costs(&self) -> String {
        let word = match self.footer {
            Footer::Text => "on",
            Footer::Json => "on, as JSON",
            Footer::None => "off",
        };
        word.to_owned()
    }

    /// Says what statements cost, or not.
    pub fn show_costs(&mut self, on: bool) {
        self.footer = match (on, self.footer) {
            (false, _) => Footer::None,
            (true, Footer::None) => Footer::Text,
            (true, footer) => footer,
        };
    }
}
