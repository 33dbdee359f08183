//! The dialect in which statements are read: sqlparser's generic one, less what turns comments into code.

use std::any::TypeId;

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

/// `GenericDialect`, save that a comment is a comment: the generic dialect executes the text of `/*! … */`.
///
/// It says that it *is* the generic dialect, because sqlparser asks for that type by name in many places. A feature is
/// true only if it stands below; everything that is parsed here and dropped later is refused in `ignored`.
#[derive(Debug)]
pub(super) struct OwletDialect;

macro_rules! supports {
    ($($feature:ident),* $(,)?) => {
        $(fn $feature(&self) -> bool {
            true
        })*
    };
}

impl Dialect for OwletDialect {
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        GenericDialect.is_delimited_identifier_start(ch)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        GenericDialect.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        GenericDialect.is_identifier_part(ch)
    }

    /// `a IS [NOT] DISTINCT FROM b`, whose right side ends before AND and OR. sqlparser takes all that follows for it.
    fn parse_infix(&self, parser: &mut Parser, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        const SAME: &[Keyword] = &[Keyword::IS, Keyword::NOT, Keyword::DISTINCT, Keyword::FROM];
        const DIFFERENT: &[Keyword] = &[Keyword::IS, Keyword::DISTINCT, Keyword::FROM];
        let compare = if parser.parse_keywords(DIFFERENT) {
            Expr::IsDistinctFrom
        } else if parser.parse_keywords(SAME) {
            Expr::IsNotDistinctFrom
        } else {
            return None;
        };
        let other = parser.parse_subexpr(precedence);
        Some(other.map(|other| compare(Box::new(expr.clone()), Box::new(other))))
    }

    supports!(
        allow_extract_custom,
        allow_extract_single_quotes,
        support_map_literal_syntax,
        supports_array_join_syntax,
        supports_array_typedef_with_brackets,
        supports_asc_desc_in_column_definition,
        supports_bitwise_shift_operators,
        supports_comma_separated_set_assignments,
        supports_comma_separated_trim,
        supports_comment_on,
        supports_connect_by,
        supports_constraint_keyword_without_name,
        supports_create_index_with_clause,
        supports_create_view_comment_syntax,
        supports_cte_without_as,
        supports_data_type_signed_suffix,
        supports_detach,
        supports_dictionary_syntax,
        supports_empty_projections,
        supports_explain_with_utility_options,
        supports_extract_comma_syntax,
        supports_filter_during_aggregation,
        supports_from_first_select,
        supports_group_by_expr,
        supports_group_by_with_modifier,
        supports_install,
        supports_interpolate,
        supports_interval_options,
        supports_key_column_option,
        supports_lambda_functions,
        supports_left_associative_joins_without_parens,
        supports_limit_by,
        supports_limit_comma,
        supports_load_extension,
        supports_match_against,
        supports_match_recognize,
        supports_named_fn_args_with_assignment_operator,
        supports_nested_comments,
        supports_optimize_table,
        supports_parens_around_table_factor,
        supports_parenthesized_set_variables,
        supports_partition_by_after_order_by,
        supports_pipe_operator,
        supports_prewhere,
        supports_projection_trailing_commas,
        supports_quote_delimited_string,
        supports_select_format,
        supports_select_item_multi_column_alias,
        supports_select_wildcard_except,
        supports_select_wildcard_exclude,
        supports_select_wildcard_ilike,
        supports_select_wildcard_rename,
        supports_select_wildcard_replace,
        supports_set_names,
        supports_settings,
        supports_start_transaction_modifier,
        supports_string_escape_constant,
        supports_struct_literal,
        supports_try_convert,
        supports_unicode_string_literal,
        supports_update_order_by,
        supports_user_host_grantee,
        supports_values_as_table_factor,
        supports_window_clause_named_window_reference,
        supports_window_function_null_treatment_arg,
        supports_with_fill,
        supports_xml_expressions,
    );
}
