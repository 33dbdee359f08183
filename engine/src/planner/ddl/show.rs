//! SHOW: names, definitions and settings as rows.

use datafusion::logical_expr::Documentation;

use super::{describe, partitions, place, show_create};
use crate::catalog::Relation;
use crate::error::{Error, ErrorCode, Result};
use crate::governance::{self, View};
use crate::name::{DEFAULT_CATALOG, INFORMATION_SCHEMA};
use crate::planner::plan::Plan;
use crate::planner::planning::Planning;
use crate::planner::rows;
use crate::syntax::{DatabaseReference, NamePattern, Reference, Show};

/// The answer of a SHOW.
pub async fn show(planning: &Planning<'_>, show: &Show) -> Result<Plan> {
    match show {
        Show::Catalogs => {
            let lines = vec![[Some(DEFAULT_CATALOG.to_owned())]];
            planning.answer(rows::of_text(["catalog_name"], lines)?).await
        }
        Show::Databases { catalog, pattern } => databases(planning, catalog.as_deref(), pattern.as_ref()).await,
        Show::Tables { database, pattern } => {
            relations(planning, database.as_ref(), pattern.as_ref(), Which::All).await
        }
        Show::Views { database, pattern } => {
            relations(planning, database.as_ref(), pattern.as_ref(), Which::Views).await
        }
        Show::Columns(table) => describe::describe_table(planning, table).await,
        Show::Partitions(table) => partitions::show_partitions(planning, table).await,
        Show::CreateTable(table) => show_create::show_create_table(planning, table).await,
        Show::CreateView(view) => show_create::show_create_view(planning, view).await,
        Show::TableProperties(table, key) => table_properties(planning, table, key.as_deref()).await,
        Show::Functions(pattern) => functions(planning, pattern.as_ref()).await,
        Show::Setting(name) => {
            let state = planning.state(&View::default()).await?;
            let shown = planning.session().settings.show(name, state.config_options())?;
            let lines = vec![[Some(shown.name.to_owned()), Some(shown.value)]];
            planning.answer(rows::of_text(["name", "value"], lines)?).await
        }
        Show::AllSettings => {
            let state = planning.state(&View::default()).await?;
            let shown = planning.session().settings.show_all(state.config_options());
            let line = |one: crate::planner::settings::SettingValue| {
                [Some(one.name.to_owned()), Some(one.value), Some(one.meaning.to_owned())]
            };
            let lines = shown.into_iter().map(line).collect();
            planning
                .answer(rows::of_text(["name", "value", "meaning"], lines)?)
                .await
        }
    }
}

async fn databases(planning: &Planning<'_>, catalog: Option<&str>, pattern: Option<&NamePattern>) -> Result<Plan> {
    place::check_catalog(catalog.unwrap_or(&planning.defaults().catalog))?;
    let databases = planning.sources().catalog.databases().await?;
    let mut lines: Vec<[Option<String>; 3]> = databases
        .into_iter()
        .map(|database| [Some(database.name), database.comment, database.location])
        .collect();
    let about = "tables, columns and views, as the SQL standard has them";
    lines.push([Some(INFORMATION_SCHEMA.to_owned()), Some(about.to_owned()), None]);
    lines.sort();
    lines.retain(|[name, ..]| matches(pattern, name.as_deref().unwrap_or_default()));
    planning
        .answer(rows::of_text(["database_name", "comment", "location"], lines)?)
        .await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Views,
}

async fn relations(
    planning: &Planning<'_>,
    database: Option<&DatabaseReference>,
    pattern: Option<&NamePattern>,
    which: Which,
) -> Result<Plan> {
    let current = DatabaseReference {
        catalog: None,
        database: planning.defaults().database.clone(),
        position: None,
    };
    let database = database.unwrap_or(&current);
    let own = database.database.eq_ignore_ascii_case(INFORMATION_SCHEMA);
    let found = if own {
        Vec::new()
    } else {
        let database = place::database(planning, database).await?;
        planning.sources().catalog.relations(&database.name).await?
    };
    let is_shadowed = |name: &str| planning.defaults().temporary.contains_key(name);
    let mut lines: Vec<[Option<String>; 3]> = Vec::new();
    for relation in &found {
        let (kind, comment) = match relation {
            Relation::Table(table) => ("TABLE", table.comment.clone()),
            Relation::View(view) => ("VIEW", view.comment.clone()),
            Relation::System(_) => ("SYSTEM TABLE", None),
        };
        if which == Which::All || kind == "VIEW" {
            lines.push([Some(relation.name().to_owned()), Some(kind.to_owned()), comment]);
        }
    }
    if which == Which::All && database.database == current.database {
        lines.retain(|[name, ..]| !is_shadowed(name.as_deref().unwrap_or_default()));
        let temporary = planning.defaults().temporary.keys();
        lines.extend(temporary.map(|name| [Some(name.clone()), Some("TEMPORARY TABLE".to_owned()), None]));
    }
    if own && which == Which::All {
        let names = governance::INFORMATION_SCHEMA_TABLES.iter();
        lines.extend(names.map(|name| [Some((*name).to_owned()), Some("SYSTEM TABLE".to_owned()), None]));
    }
    lines.sort();
    lines.retain(|[name, ..]| matches(pattern, name.as_deref().unwrap_or_default()));
    planning
        .answer(rows::of_text(["table_name", "table_type", "comment"], lines)?)
        .await
}

async fn table_properties(planning: &Planning<'_>, table: &Reference, key: Option<&str>) -> Result<Plan> {
    let relation = governance::find(planning.authorization(), table, planning.defaults(), planning.sources());
    let Relation::Table(table) = relation.await? else {
        let message = format!(
            "\"{}\" is no table of files and has no properties",
            table.parts().join(".")
        );
        return Err(Error::new(ErrorCode::NotSupported, message));
    };
    let wanted = |name: &str| key.is_none_or(|key| key == name);
    let lines = table.properties.iter().filter(|(name, _)| wanted(name));
    let lines: Vec<_> = lines
        .map(|(name, value)| [Some(name.clone()), Some(value.clone())])
        .collect();
    if let Some(key) = key
        && lines.is_empty()
    {
        let message = format!("the table {} has no property \"{key}\"", table.name);
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    planning.answer(rows::of_text(["property", "value"], lines)?).await
}

/// The functions by name and kind, with how each is called and what it gives, as far as that is written down.
async fn functions(planning: &Planning<'_>, pattern: Option<&NamePattern>) -> Result<Plan> {
    let state = planning.state(&View::default()).await?;
    let scalar = state.scalar_functions().iter();
    let scalar = scalar.map(|(name, function)| function_line(name, "scalar", function.documentation()));
    let aggregate = state.aggregate_functions().iter();
    let aggregate = aggregate.map(|(name, function)| function_line(name, "aggregate", function.documentation()));
    let window = state.window_functions().iter();
    let window = window.map(|(name, function)| function_line(name, "window", function.documentation()));
    let mut lines: Vec<[Option<String>; 4]> = scalar
        .chain(aggregate)
        .chain(window)
        .filter(|[name, ..]| matches(pattern, name.as_deref().unwrap_or_default()))
        .collect();
    lines.sort();
    let names = ["function_name", "function_type", "syntax", "description"];
    planning.answer(rows::of_text(names, lines)?).await
}

fn function_line(name: &str, kind: &str, documentation: Option<&Documentation>) -> [Option<String>; 4] {
    // The rest of what is written down are pages of examples.
    let first_paragraph = |text: &str| {
        let paragraph = text.trim().split("\n\n").next().unwrap_or_default();
        paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    [
        Some(name.to_owned()),
        Some(kind.to_owned()),
        documentation.map(|written| written.syntax_example.trim().to_owned()),
        documentation.map(|written| first_paragraph(&written.description)),
    ]
}

/// Whether `name` is one of those that the pattern means. Letters are alike in either case.
fn matches(pattern: Option<&NamePattern>, name: &str) -> bool {
    let fits = |pattern: &str, many: char, one: Option<char>| {
        let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
        let name: Vec<char> = name.to_lowercase().chars().collect();
        like(&pattern, &name, many, one)
    };
    match pattern {
        None => true,
        Some(NamePattern::Like(pattern)) => fits(pattern, '%', Some('_')),
        Some(NamePattern::Hive(pattern)) => pattern.split('|').any(|one| fits(one.trim(), '*', None)),
    }
}

/// Whether all of `name` is covered by `pattern`, in which `many` covers any characters and `one` exactly one. In time of the product
/// of their lengths.
fn like(pattern: &[char], name: &[char], many: char, one: Option<char>) -> bool {
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for symbol in pattern {
        if *symbol == many {
            let first = reached.iter().position(|reached| *reached).unwrap_or(reached.len());
            reached[first..].fill(true);
            continue;
        }
        for index in (1..=name.len()).rev() {
            reached[index] = reached[index - 1] && (*symbol == name[index - 1] || one == Some(*symbol));
        }
        reached[0] = false;
    }
    reached[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_like_and_of_hive() {
        let like = |pattern: &str| NamePattern::Like(pattern.to_owned());
        let hive = |pattern: &str| NamePattern::Hive(pattern.to_owned());
        for (pattern, name, wanted) in [
            (like("or%"), "orders", true),
            (like("OR_ERS"), "orders", true),
            (like("or"), "orders", false),
            (like("%a%b%"), "xaxbx", true),
            (like(""), "x", false),
            (hive("or*|cust*"), "customer", true),
            (hive("*.x"), "a.x", true),
            (hive("or_ers"), "orders", false),
        ] {
            assert_eq!(matches(Some(&pattern), name), wanted, "{pattern:?} {name}");
        }
    }
}
