//! What names mean: a [`Catalog`] answers which [`Table`] a name stands for.
//!
//! Must hold: a lookup reads the present state each time; nothing is remembered between statements.
//! Must not know: principals, SQL text, plans.

mod system;
mod table;

pub use system::{SystemCatalog, SystemTable};
pub use table::Table;

use async_trait::async_trait;

use crate::error::Result;
use crate::name::TableName;

/// A source of tables by name. Implementations answer from their present state and may be asked by many queries at once.
#[async_trait]
pub trait Catalog: std::fmt::Debug + Send + Sync {
    /// The table of that full name, or `None` if there is none.
    ///
    /// # Errors
    /// Those of the place where the names are kept.
    async fn table(&self, name: &TableName) -> Result<Option<Table>>;

    /// The tables of a database, for suggestions and listings.
    ///
    /// # Errors
    /// Those of the place where the names are kept.
    async fn table_names(&self, database: &str) -> Result<Vec<String>>;
}
