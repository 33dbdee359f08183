//! The schema of records that were seen.

use arrow::datatypes::{DataType, Field, Fields};
use std::collections::{HashMap, HashSet};

use super::members::{Value, items, members, string};
use crate::formats::files::text::Evidence;

/// What the values at one place have been.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    scalar: Evidence,
    object: Option<Members>,
    array: Option<Box<Seen>>,
}

/// The members that the objects at one place have had.
#[derive(Clone, Debug, Default)]
struct Members {
    known: Vec<(String, Seen)>,
    /// The first of them with a name, by that name in lower case.
    first: HashMap<String, usize>,
    /// Whether two of them differ by case alone.
    are_mixed: bool,
    /// The names, in lower case, that one object has had in two cases.
    twins: HashSet<String>,
}

/// Two kinds of values at one place, which no type has.
#[derive(Debug, PartialEq, Eq)]
pub struct Clash {
    /// The place: `user.address`, `tags[]`.
    pub path: String,
    pub one: &'static str,
    pub other: &'static str,
}

impl Seen {
    /// Adds one value. Nothing comes back for one that is not right inside.
    pub fn add(&mut self, value: Value<'_>) -> Option<()> {
        match value {
            Value::Null => {}
            Value::Boolean(text) | Value::Number(text) => self.scalar = self.scalar.and(Evidence::of(text)),
            Value::String(text) => self.scalar = self.scalar.and(Evidence::of_string(&string(text)?)),
            Value::Array(text) => {
                let item = self.array.get_or_insert_default();
                for value in items(text)? {
                    item.add(value)?;
                }
            }
            Value::Object(text) => {
                let known = self.object.get_or_insert_default();
                let members = members(text)?;
                for (place, (name, value)) in members.iter().enumerate() {
                    known.at(place, name).add(*value)?;
                }
                if known.are_mixed {
                    known.note_twins(members.iter().map(|(name, _)| name.as_ref()));
                }
            }
        }
        Some(())
    }

    /// What both have seen.
    pub fn and(mut self, other: Self) -> Self {
        self.scalar = self.scalar.and(other.scalar);
        self.array = match (self.array, other.array) {
            (Some(one), Some(other)) => Some(Box::new(one.and(*other))),
            (one, other) => one.or(other),
        };
        self.object = match (self.object, other.object) {
            (Some(members), Some(others)) => Some(members.and(others)),
            (one, other) => one.or(other),
        };
        self
    }

    /// The same, with members whose names differ by case alone as one member, unless one object has both.
    pub fn folded(self) -> Self {
        Self {
            scalar: self.scalar,
            object: self.object.map(Members::folded),
            array: self.array.map(|item| Box::new(item.folded())),
        }
    }

    /// The members of the objects that were seen.
    pub fn members(&self) -> &[(String, Seen)] {
        self.object.as_ref().map_or(&[], |members| &members.known)
    }

    /// The member that `name` is.
    pub fn member(&self, name: &str) -> Option<&Self> {
        let members = self.object.as_ref()?;
        members.place_of(name).map(|place| &members.known[place].1)
    }

    /// The type that every value at `path` has.
    ///
    /// # Errors
    /// The place of two values that no type has.
    pub fn data_type(&self, path: &str) -> Result<DataType, Clash> {
        let scalars = self.scalar != Evidence::default();
        let clash = |one, other| {
            Err(Clash {
                path: path.to_owned(),
                one,
                other,
            })
        };
        match (&self.object, &self.array) {
            (Some(_), Some(_)) => clash("an object", "an array"),
            (Some(_), None) if scalars => clash("an object", "a value without members"),
            (None, Some(_)) if scalars => clash("an array", "a single value"),
            (None, Some(item)) => {
                let item = item.data_type(&format!("{path}[]"))?;
                Ok(DataType::List(Field::new_list_field(item, true).into()))
            }
            // Arrow and Parquet have no structure without members.
            (Some(members), None) if members.known.is_empty() => Ok(DataType::Utf8View),
            (Some(members), None) if members.are_mixed => clash("a member", "one that differs from it by case alone"),
            (Some(members), None) => {
                let fields = members.known.iter().map(|(name, seen)| {
                    let data_type = seen.data_type(&format!("{path}.{name}"))?;
                    Ok(Field::new(name.to_lowercase(), data_type, true))
                });
                Ok(DataType::Struct(Fields::from(fields.collect::<Result<Vec<_>, _>>()?)))
            }
            (None, None) if self.scalar.json_kinds() > 1 => clash("a value of one kind", "one of another"),
            (None, None) => Ok(self.scalar.data_type()),
        }
    }
}

impl Members {
    /// The member `name` in just that case, which objects of one file mostly have at the same `place`.
    fn at(&mut self, place: usize, name: &str) -> &mut Seen {
        let as_before = self.known.get(place).is_some_and(|(known, _)| known == name);
        let found = if as_before { Some(place) } else { self.position(name) };
        let place = found.unwrap_or_else(|| self.push(name.to_owned(), Seen::default()));
        &mut self.known[place].1
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.known.iter().position(|(known, _)| known == name)
    }

    fn push(&mut self, name: String, seen: Seen) -> usize {
        let place = self.known.len();
        let first = *self.first.entry(name.to_lowercase()).or_insert(place);
        self.are_mixed |= first != place;
        self.known.push((name, seen));
        place
    }

    fn note_twins<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        let mut own = HashSet::new();
        for name in names.map(str::to_lowercase) {
            if own.contains(&name) {
                self.twins.insert(name);
            } else {
                own.insert(name);
            }
        }
    }

    fn folded(self) -> Self {
        let mut folded = Self {
            twins: self.twins,
            ..Self::default()
        };
        for (name, seen) in self.known {
            folded.merge(name, seen.folded());
        }
        folded
    }

    fn and(mut self, other: Self) -> Self {
        self.twins.extend(other.twins);
        for (name, seen) in other.known {
            self.merge(name, seen);
        }
        self
    }

    /// The member that `name` is: in any case, unless one object has had two of them.
    fn place_of(&self, name: &str) -> Option<usize> {
        let lower = name.to_lowercase();
        if self.twins.contains(&lower) {
            self.position(name)
        } else {
            self.first.get(&lower).copied()
        }
    }

    fn merge(&mut self, name: String, seen: Seen) {
        match self.place_of(&name) {
            Some(place) => self.known[place].1 = std::mem::take(&mut self.known[place].1).and(seen),
            None => {
                self.push(name, seen);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], wanted: Result<&str, &str>) {
        let mut seen = Seen::default();
        for value in values {
            seen.add(Value::read(value).unwrap()).unwrap();
        }
        let found = seen.folded().data_type("x").map(|found| found.to_string());
        let found = found.map_err(|clash| clash.path);
        assert_eq!(found.as_deref(), wanted.map_err(str::to_owned).as_deref(), "{values:?}");
    }

    #[test]
    fn values_of_one_kind_have_a_type_and_others_clash_at_a_place() {
        check(&["1", "null", "2"], Ok("Int64"));
        check(&["1", "2.5"], Ok("Float64"));
        check(&["12345678901234567890"], Ok("Utf8View"));
        check(&["\"2024-01-02\""], Ok("Date32"));
        check(&["\"1\""], Ok("Utf8View"));
        check(&["null"], Ok("Utf8View"));
        check(&["{}"], Ok("Utf8View"));
        check(&["1", "\"x\""], Err("x"));
        check(&["true", "1"], Err("x"));
        check(&["{\"a\":1}", "{\"a\":[2]}"], Err("x.a"));
        check(&["[1,\"x\"]"], Err("x[]"));
        check(&["{\"a\":1}", "5"], Err("x"));
        check(&["{\"a\":1,\"A\":2}"], Err("x"));
        check(&["{\"a\":1}", "{\"A\":\"x\"}"], Err("x.a"));
    }

    #[test]
    fn structures_have_the_members_of_all_objects() {
        let mut seen = Seen::default();
        seen.add(Value::read("{\"a\":1}").unwrap()).unwrap();
        let mut other = Seen::default();
        other
            .add(Value::read("{\"A\":2.5,\"b\":[{\"c\":true}]}").unwrap())
            .unwrap();
        let DataType::Struct(fields) = seen.and(other).data_type("x").unwrap() else {
            panic!()
        };
        assert_eq!(
            fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert_eq!(fields[0].data_type(), &DataType::Float64);
    }
}
