//! The SQL test suites of Owlet and their runner.
//!
//! Nothing is here yet but the S3 server for tests, a crate of its own in `sql-tests/s3-fixture`. To come: sqllogictest
//! suites by theme, each run over `file://` and over `s3://`, and the runner behind `owlet test`.
