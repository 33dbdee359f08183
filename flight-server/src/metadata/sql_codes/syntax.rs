//! The SQL of statements: what they may do, how names are read, which words and functions there are.

use arrow_flight::sql::{SqlInfo as Code, SqlNullOrdering, SqlSupportedCaseSensitivity as Case};
use owlet_engine::{FunctionTopic, KEYWORDS, Session};

use super::conversions;
use super::union::Value::{self, Bits, Bool, Long, Map, Texts};
use super::values::{bits, text};

/// Of an enumeration that `arrow-flight` 59.3 does not export.
const ANSI92_ENTRY_SQL: i32 = 0;

/// What the grammar has that is called like a function and is none, by topic.
const CALLED_LIKE_FUNCTIONS: &[(FunctionTopic, &str)] = &[
    (FunctionTopic::Text, "position"),
    (FunctionTopic::DateTime, "extract"),
    (FunctionTopic::System, "cast"),
    (FunctionTopic::System, "try_cast"),
];

pub(super) fn statements() -> Vec<(Code, Value)> {
    use arrow_flight::sql::SupportedSqlGrammar as Grammar;
    let grammar = [Grammar::SqlMinimumGrammar as i32, Grammar::SqlCoreGrammar as i32];
    vec![
        (Code::SqlDdlCatalog, Bool(false)),
        (Code::SqlDdlSchema, Bool(true)),
        (Code::SqlDdlTable, Bool(true)),
        (Code::SqlAllTablesAreSelectable, Bool(true)),
        (Code::SqlSupportsNonNullableColumns, Bool(true)),
        (Code::SqlSupportedGrammar, bits(&grammar)),
        (Code::SqlAnsi92SupportedLevel, bits(&[ANSI92_ENTRY_SQL])),
        (Code::SqlBatchUpdatesSupported, Bool(true)),
    ]
}

/// How names are read. The two cases and the order of NULLs are longs, as in the reference implementations: ODBC's driver reads 64
/// bits.
pub(super) fn names() -> Vec<(Code, Value)> {
    let lower_case = Long(Case::SqlCaseSensitivityLowercase as i64);
    vec![
        (Code::SqlIdentifierCase, lower_case.clone()),
        (Code::SqlIdentifierQuoteChar, text("\"")),
        (Code::SqlQuotedIdentifierCase, lower_case),
        (Code::SqlSearchStringEscape, text("\\")),
        (Code::SqlExtraNameCharacters, text("@$#")),
        (Code::SqlSchemaTerm, text("database")),
        (Code::SqlProcedureTerm, text("procedure")),
        // Were this empty, ODBC's driver would take it that there are no catalogues.
        (Code::SqlCatalogTerm, text("catalog")),
        (Code::SqlCatalogAtStart, Bool(true)),
    ]
}

pub(super) fn words(session: &Session) -> Vec<(Code, Value)> {
    let functions = session.functions();
    let about = |topic: FunctionTopic| {
        let own = functions.iter().filter(|function| function.topic == topic);
        let syntax = CALLED_LIKE_FUNCTIONS.iter().filter(|(of, _)| *of == topic);
        let names = own
            .map(|function| function.name.as_str())
            .chain(syntax.map(|(_, name)| *name));
        // In upper case: ODBC's driver compares them with the names of its standard letter by letter.
        let mut names: Vec<String> = names.map(str::to_ascii_uppercase).collect();
        names.sort();
        names.dedup();
        Texts(names)
    };
    vec![
        (
            Code::SqlKeywords,
            Texts(KEYWORDS.iter().map(ToString::to_string).collect()),
        ),
        (Code::SqlNumericFunctions, about(FunctionTopic::Numeric)),
        (Code::SqlStringFunctions, about(FunctionTopic::Text)),
        (Code::SqlSystemFunctions, about(FunctionTopic::System)),
        (Code::SqlDatetimeFunctions, about(FunctionTopic::DateTime)),
        (Code::SqlSupportsConvert, Map(conversions::conversions())),
    ]
}

pub(super) fn queries() -> Vec<(Code, Value)> {
    use arrow_flight::sql::{
        SqlOuterJoinsSupportLevel as Joins, SqlSupportedGroupBy, SqlSupportedSubqueries as Subqueries,
        SqlSupportedUnions as Unions,
    };
    let subqueries = [
        Subqueries::SqlSubqueriesInComparisons as i32,
        Subqueries::SqlSubqueriesInExists as i32,
        Subqueries::SqlSubqueriesInIns as i32,
        Subqueries::SqlSubqueriesInQuantifieds as i32,
    ];
    // A mask, against the comment in the protocol: both drivers test its bits.
    let joins = [Joins::SqlLimitedOuterJoins as i32, Joins::SqlFullOuterJoins as i32];
    // Were the other bit set, too, ODBC's driver would say that what is selected need not be grouped.
    let group_by = [SqlSupportedGroupBy::SqlGroupByBeyondSelect as i32];
    vec![
        (Code::SqlNullOrdering, Long(SqlNullOrdering::SqlNullsSortedHigh as i64)),
        (Code::SqlSupportsColumnAliasing, Bool(true)),
        (Code::SqlNullPlusNullIsNull, Bool(true)),
        (Code::SqlSupportsTableCorrelationNames, Bool(true)),
        // Whether they must differ from the names of tables.
        (Code::SqlSupportsDifferentTableCorrelationNames, Bool(false)),
        (Code::SqlSupportsExpressionsInOrderBy, Bool(true)),
        (Code::SqlSupportsOrderByUnrelated, Bool(true)),
        (Code::SqlSupportedGroupBy, bits(&group_by)),
        (Code::SqlSupportsLikeEscapeClause, Bool(true)),
        (Code::SqlOuterJoinsSupportLevel, bits(&joins)),
        (Code::SqlSupportedSubqueries, bits(&subqueries)),
        (Code::SqlCorrelatedSubqueriesSupported, Bool(true)),
        (
            Code::SqlSupportedUnions,
            bits(&[Unions::SqlUnion as i32, Unions::SqlUnionAll as i32]),
        ),
    ]
}

/// What there is none of: constraints between tables, procedures, cursors that write, indexes, privileges.
pub(super) fn absent() -> Vec<(Code, Value)> {
    vec![
        (Code::SqlSupportsIntegrityEnhancementFacility, Bool(false)),
        (Code::SqlSchemasSupportedActions, Bits(0)),
        (Code::SqlCatalogsSupportedActions, Bits(0)),
        (Code::SqlSupportedPositionedCommands, Bits(0)),
        (Code::SqlSelectForUpdateSupported, Bool(false)),
        (Code::SqlStoredProceduresSupported, Bool(false)),
        (Code::SqlNamedParametersSupported, Bool(false)),
        (Code::SqlLocatorsUpdateCopy, Bool(false)),
        (Code::SqlStoredFunctionsUsingCallSyntaxSupported, Bool(false)),
    ]
}
