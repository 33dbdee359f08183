//! The colours of messages, or none.

/// The escape sequences that messages are painted with; empty where nothing is painted.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Before the word `error` and the carets.
    pub error: &'static str,
    /// Before the word for what is well.
    pub well: &'static str,
    /// Before the word for what may surprise.
    pub warning: &'static str,
    /// Back to plain text.
    pub plain: &'static str,
}

impl Palette {
    /// No colours.
    pub const PLAIN: Self = Self {
        error: "",
        well: "",
        warning: "",
        plain: "",
    };

    /// Colours, if `is_terminal` and the user's environment, looked up by `variable`, does not decline them: by a
    /// `NO_COLOR` that is not empty (<https://no-color.org>) or a terminal that knows none.
    pub fn choose(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_declined = variable("NO_COLOR").is_some_and(|value| !value.is_empty())
            || variable("TERM").is_some_and(|terminal| terminal == "dumb");
        if is_terminal && !is_declined {
            Self {
                error: "\u{1b}[1;31m",
                well: "\u{1b}[32m",
                warning: "\u{1b}[33m",
                plain: "\u{1b}[0m",
            }
        } else {
            Self::PLAIN
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_whose_user_does_not_decline_gets_colours() {
        for (is_terminal, name, value, is_painted) in [
            (true, "TERM", "xterm", true),
            (true, "TERM", "dumb", false),
            (true, "NO_COLOR", "1", false),
            (true, "NO_COLOR", "", true),
            (false, "TERM", "xterm", false),
        ] {
            let palette = Palette::choose(is_terminal, |asked| (asked == name).then(|| value.to_owned()));
            assert_eq!(!palette.error.is_empty(), is_painted, "{is_terminal} {name}={value}");
        }
    }
}
