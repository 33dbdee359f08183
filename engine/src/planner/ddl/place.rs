//! Names and places of what is to be made.

use std::path::Path;

use crate::catalog::{Database, Ownership, Relation};
use crate::error::{Error, ErrorCode, Result};
use crate::governance;
use crate::name::{DEFAULT_CATALOG, TableName};
use crate::planner::planning::Planning;
use crate::storage::Location;
use crate::syntax::{CreateTable, DatabaseReference, Reference};

/// The database that a statement names, which must be there.
///
/// # Errors
/// `DATABASE_NOT_FOUND` with the nearest name.
pub async fn database(planning: &Planning<'_>, named: &DatabaseReference) -> Result<Database> {
    let name = database_name(planning, named)?;
    let catalog = planning.sources().catalog;
    if let Some(database) = catalog.database(&name).await? {
        return Ok(database);
    }
    let known = catalog.databases().await?;
    let error = governance::no_database(&name, known.iter().map(|one| one.name.as_str()));
    Err(match named.position {
        Some(position) => error.at(position),
        None => error,
    })
}

/// The name of a database, which need not be there.
///
/// # Errors
/// `DATABASE_NOT_FOUND` if it is in another catalogue.
pub fn database_name(planning: &Planning<'_>, named: &DatabaseReference) -> Result<String> {
    let catalog = named.catalog.as_deref().unwrap_or(&planning.defaults().catalog);
    check_catalog(catalog)?;
    Ok(named.database.to_lowercase())
}

/// # Errors
/// `DATABASE_NOT_FOUND` if there is no catalogue of that name.
pub fn check_catalog(catalog: &str) -> Result<()> {
    if catalog.eq_ignore_ascii_case(DEFAULT_CATALOG) {
        return Ok(());
    }
    let message = format!("there is no catalogue \"{catalog}\"; the one there is is \"{DEFAULT_CATALOG}\"");
    Err(Error::new(ErrorCode::DatabaseNotFound, message))
}

/// The full name of a relation that is to be made, changed or dropped, and its database, which must be there.
///
/// # Errors
/// `DATABASE_NOT_FOUND` with the nearest name.
pub async fn relation_name(planning: &Planning<'_>, named: &Reference) -> Result<(TableName, Database)> {
    let name = governance::full_name(named, planning.defaults());
    let reference = DatabaseReference {
        catalog: Some(name.catalog.clone()),
        database: name.database.clone(),
        position: named.position(),
    };
    let database = database(planning, &reference).await?;
    Ok((name, database))
}

/// What has the name already.
///
/// # Errors
/// Those of the catalogue.
pub async fn present(planning: &Planning<'_>, name: &TableName) -> Result<Option<Relation>> {
    let found = planning.sources().catalog.find(std::slice::from_ref(name)).await?;
    Ok(found.into_iter().next().flatten())
}

/// The error of a name that `present` has already.
pub fn already_exists(name: &TableName, present: &Relation) -> Error {
    let kind = match present {
        Relation::Table(_) | Relation::System(_) => "table",
        Relation::View(_) => "view",
    };
    let message = format!("there is a {kind} {name} already; choose another name, drop it first, or add IF NOT EXISTS");
    Error::new(ErrorCode::AlreadyExists, message)
}

/// Where the files of a new table are put, and whose they are: in the place that the statement names, else in a directory of their
/// own under that of the database, else under the warehouse.
///
/// A directory of their own bears the query's identifier: what an earlier table of the name, or a statement that died, has left is
/// never taken for this table's.
///
/// # Errors
/// `INVALID_VALUE` if `written` is no directory, `PERMISSION_DENIED` if the principal does not reach it or nobody writes there.
pub fn of_table(
    planning: &Planning<'_>,
    name: &TableName,
    database: &Database,
    create: &CreateTable,
) -> Result<(Location, Ownership)> {
    if let Some(written) = &create.location {
        let location = if create.external {
            existing(planning, written)?
        } else {
            writable(directory(planning, written)?)?
        };
        return Ok((location, Ownership::External));
    }
    let own = format!("{}-{}/", path_step(&name.table), planning.query_id());
    let base = match &database.location {
        Some(location) => location.trim_end_matches('/').to_owned(),
        None => format!(
            "{}/{}",
            planning.warehouse().to_string().trim_end_matches('/'),
            path_step(&name.database)
        ),
    };
    let location = Location::parse(&format!("{base}/{own}"), Path::new("/"))?;
    planning.sources().storage.permit(&location);
    Ok((location, Ownership::Managed))
}

/// The place of files that are there: a directory, a pattern, or a file, which is what a name with an ending is taken for.
fn existing(planning: &Planning<'_>, written: &str) -> Result<Location> {
    let location = Location::parse(written, &planning.defaults().working_directory)?;
    planning.sources().storage.store(&location)?;
    let has_ending = location.path().filename().is_some_and(|name| name.contains('.'));
    if location.is_glob() || has_ending {
        return Ok(location);
    }
    Ok(location.into_directory())
}

/// The directory that a statement names.
///
/// # Errors
/// `INVALID_VALUE` if it is a pattern, `PERMISSION_DENIED` if the principal does not reach it.
pub fn directory(planning: &Planning<'_>, written: &str) -> Result<Location> {
    let location = Location::parse(written, &planning.defaults().working_directory)?.into_directory();
    if location.is_glob() {
        let message = format!("\"{written}\" is a pattern; name the directory of the table");
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    // Whoever may not read a place may not have tables there either.
    planning.sources().storage.store(&location)?;
    Ok(location)
}

/// `directory`, where files are to be put.
///
/// # Errors
/// `PERMISSION_DENIED` if nothing can be written there.
pub fn writable(directory: Location) -> Result<Location> {
    if !directory.is_read_only() {
        return Ok(directory);
    }
    let message =
        format!("\"{directory}\" is part of Owlet and cannot be written to; name another place, or leave LOCATION out");
    Err(Error::new(ErrorCode::PermissionDenied, message))
}

/// Words in the key of a property that say that its value is nobody's business.
const SECRETS: &[&str] = &[
    "secret",
    "password",
    "passwd",
    "token",
    "credential",
    "access_key",
    "accesskey",
    "account_key",
    "private_key",
    "sas",
];

/// Refuses properties that hold a secret: whoever may see the table would see it.
///
/// # Errors
/// `NOT_SUPPORTED` that names the key and never the value.
pub fn refuse_secrets<'a>(keys: impl IntoIterator<Item = &'a String>) -> Result<()> {
    let is_secret = |key: &&String| {
        let key = key.to_lowercase();
        SECRETS.iter().any(|word| key.contains(word))
    };
    let Some(key) = keys.into_iter().find(is_secret) else {
        return Ok(());
    };
    let message = format!(
        "\"{key}\" looks like a secret, which does not belong into a statement; credentials come from the environment, the \
         AWS files or the section [storage] of the configuration"
    );
    Err(Error::new(ErrorCode::NotSupported, message))
}

/// A name as one step of a path: what is neither letter, digit, `-` nor `_` is escaped, and it does not begin as a hidden name.
fn path_step(name: &str) -> String {
    let escaped: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            b'_' => "_".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect();
    if escaped.starts_with('_') {
        format!("t{escaped}")
    } else {
        escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_a_path_is_plain_and_not_hidden() {
        for (name, step) in [
            ("sales_2024", "sales_2024"),
            ("_x", "t_x"),
            ("../etc", "%2E%2E%2Fetc"),
            ("é", "%C3%A9"),
        ] {
            assert_eq!(path_step(name), step);
        }
    }
}
