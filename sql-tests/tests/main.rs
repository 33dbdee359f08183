//! The SQL suites.
