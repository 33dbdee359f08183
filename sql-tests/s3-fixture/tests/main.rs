//! The fixture, driven by the client that Owlet uses and by plain HTTP.

mod client;
mod flows;
