//! Lists of keys and values: OPTIONS, TBLPROPERTIES, SERDEPROPERTIES, DBPROPERTIES and WITH.

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::tokenizer::Token;

use crate::error::{Error, ErrorCode, Position, Result};
use crate::name::nearest;
use crate::syntax::names::Words;
use crate::syntax::reader::{Reader, at};

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Property {
    pub(super) key: String,
    pub(super) value: PropertyValue,
    pub(super) position: Option<Position>,
}

/// A constant or a list of them.
#[derive(Clone, Debug)]
pub(super) enum PropertyValue {
    One(String),
    List(Vec<String>),
}

impl Property {
    /// The value, which is no list.
    pub(super) fn text(self) -> Result<String> {
        match self.value {
            PropertyValue::One(value) => Ok(value),
            PropertyValue::List(_) => Err(self.error("is one value and not a list")),
        }
    }

    /// `INVALID_VALUE` at the property: what is the matter with it.
    pub(super) fn error(&self, what: &str) -> Error {
        let message = format!("the property \"{}\" {what}", self.key);
        at(self.position, Error::new(ErrorCode::InvalidValue, message))
    }

    /// `INVALID_VALUE` for a key that is none of `known`.
    pub(super) fn unknown(&self, known: &[&str]) -> Error {
        let hint = match nearest(&self.key, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("there are {}", known.join(", ")),
        };
        self.error(&format!("is unknown; {hint}"))
    }
}

/// `( key [=] value, … )`. Keys are strings or words with dots, values constants, words or `ARRAY[…]`.
pub(super) fn properties(reader: &mut Reader<'_>) -> Result<Vec<Property>> {
    reader.list(|reader| {
        let position = reader.position();
        let key = match reader.peek(0) {
            Token::Word(word) if word.quote_style.is_none() => reader.setting_name()?,
            _ => reader.string("a key")?,
        };
        reader.takes_token(&Token::Eq);
        let value = if reader.is("ARRAY") && *reader.peek(1) == Token::LBracket {
            reader.advance();
            PropertyValue::List(array(reader)?)
        } else {
            PropertyValue::One(reader.constant("a value", Words::All)?)
        };
        Ok(Property { key, value, position })
    })
}

fn array(reader: &mut Reader<'_>) -> Result<Vec<String>> {
    reader.expect_token(&Token::LBracket)?;
    let mut values = Vec::new();
    while !reader.is_token(&Token::RBracket) {
        if !values.is_empty() {
            reader.expect_token(&Token::Comma)?;
        }
        values.push(reader.string("a string")?);
    }
    reader.expect_token(&Token::RBracket)?;
    Ok(values)
}

/// The properties by key, as written.
pub(super) fn as_written(properties: Vec<Property>) -> Result<BTreeMap<String, String>> {
    let mut map = BTreeMap::new();
    for property in properties {
        insert(&mut map, property)?;
    }
    Ok(map)
}

/// Adds a property that is one value and was not given before.
pub(super) fn insert(map: &mut BTreeMap<String, String>, property: Property) -> Result<()> {
    if map.contains_key(&property.key) {
        return Err(property.error("is given twice"));
    }
    let key = property.key.clone();
    map.insert(key, property.text()?);
    Ok(())
}
