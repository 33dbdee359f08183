//! Sample data that comes with Owlet, and seeded generators of larger sets.
//!
//! Nothing is here yet but the files of `datasets/sample/`, which are read from disk by their path. To come: the sample
//! lake carried inside the binary, and generators (TPC-H, web logs, sensors) whose seed decides every byte.
//!
//! This crate imports none of ours: it makes bytes, and knows neither the engine nor where the bytes go.
