//! The words for what a table can be, and which of them clients mean by theirs.

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use owlet_engine::{RelationKind, Result};
use std::sync::Arc;

use super::unfit;

/// Every kind, in the order of the words.
const KINDS: &[RelationKind] = &[RelationKind::System, RelationKind::Table, RelationKind::View];

/// The word for `kind`: JDBC's and ODBC's, which Tableau, DBeaver and Excel look for.
pub(super) fn word(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Table => "TABLE",
        RelationKind::View => "VIEW",
        RelationKind::System => "SYSTEM TABLE",
    }
}

/// Whether tables of `kind` are among the `wanted`. Without a wish all are; the words of the SQL standard and of Hive mean what they
/// mean there, in either case, since Grafana asks for `BASE TABLE` and `table`, and Power BI for `BASE TABLE` and `VIEW`.
pub(super) fn is_wanted(kind: RelationKind, wanted: &[String]) -> bool {
    let means = |word: &String| match word.trim().to_ascii_uppercase().as_str() {
        // ODBC's SQLTables takes both for every type, and its driver hands them on.
        "" | "%" => true,
        "TABLE" | "BASE TABLE" | "EXTERNAL TABLE" | "MANAGED TABLE" | "LOCAL TEMPORARY" => kind == RelationKind::Table,
        "VIEW" => kind == RelationKind::View,
        "SYSTEM TABLE" | "SYSTEM VIEW" => kind == RelationKind::System,
        _ => false,
    };
    wanted.is_empty() || wanted.iter().any(means)
}

pub(super) fn schema() -> SchemaRef {
    let word = Field::new("table_type", DataType::Utf8, false);
    Arc::new(Schema::new(vec![word]))
}

pub(super) fn rows() -> Result<RecordBatch> {
    let words = KINDS.iter().map(|kind| Some(word(*kind)));
    let words: StringArray = words.collect();
    RecordBatch::try_new(schema(), vec![Arc::new(words)]).map_err(unfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_say_table_in_many_words() {
        use RelationKind::{System, Table, View};
        let kinds = |words: &[&str]| -> Vec<RelationKind> {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            KINDS.iter().copied().filter(|kind| is_wanted(*kind, &words)).collect()
        };
        for (words, wanted) in [
            (&[] as &[&str], vec![System, Table, View]),
            (&["BASE TABLE", "table"], vec![Table]),
            (&["TABLE"], vec![Table]),
            (&["external table"], vec![Table]),
            (&["VIEW"], vec![View]),
            (&["base table", "view"], vec![Table, View]),
            (&["system table"], vec![System]),
            (&["SYNONYM"], vec![]),
            (&["SYNONYM", "VIEW"], vec![View]),
            (&["%"], vec![System, Table, View]),
            (&[""], vec![System, Table, View]),
        ] {
            assert_eq!(kinds(words), wanted, "{words:?}");
        }
    }

    #[test]
    fn every_word_that_is_listed_finds_its_tables_and_they_are_sorted() {
        let words: Vec<&str> = KINDS.iter().map(|kind| word(*kind)).collect();
        assert!(words.is_sorted());
        for kind in KINDS {
            let own = [word(*kind).to_owned()];
            let found: Vec<_> = KINDS.iter().filter(|one| is_wanted(**one, &own)).collect();
            assert_eq!(found, [kind]);
        }
    }
}
