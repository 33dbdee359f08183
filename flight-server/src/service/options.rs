//! The options of a session: where names without a catalogue or schema belong, the settings that SET changes, and how results
//! are sent.

use futures::TryStreamExt;
use owlet_engine::ErrorCode;
use std::collections::HashMap;

use super::Caller;
use crate::messages::{
    GetSessionOptionsResult, OptionValue, SessionOptionValue, SetSessionOptionError, SetSessionOptionErrorValue,
    SetSessionOptionsRequest, SetSessionOptionsResult,
};
use crate::results::{Compression, Delivery, Views, Wishes};
use crate::settings::GREATEST_MESSAGE_LIMIT_BYTES;

const CATALOG: &str = "catalog";
const SCHEMA: &str = "schema";

/// An option of how results are sent.
struct DeliveryOption {
    name: &'static str,
    get: fn(&Delivery) -> OptionValue,
    /// Without a value it goes back to its default; `None` if it does not take the value.
    set: fn(&mut Wishes, Option<&OptionValue>) -> Option<()>,
}

const DELIVERY: &[DeliveryOption] = &[
    DeliveryOption {
        name: "arrow_views",
        get: |delivery| OptionValue::Truth(delivery.views == Views::Keep),
        set: |wishes, value| {
            wishes.views = match value.map(truth) {
                None => Views::Cast,
                Some(keep) if keep? => Views::Keep,
                Some(_) => Views::Cast,
            };
            Some(())
        },
    },
    DeliveryOption {
        name: "compression",
        get: |delivery| OptionValue::Text(delivery.compression.name().to_owned()),
        set: |wishes, value| {
            wishes.compression = match value {
                None => Compression::None,
                Some(OptionValue::Text(name)) => Compression::named(name)?,
                Some(_) => return None,
            };
            Some(())
        },
    },
    DeliveryOption {
        name: "message_limit_bytes",
        get: |delivery| OptionValue::Number(i64::try_from(delivery.message_limit_bytes).unwrap_or(i64::MAX)),
        set: |wishes, value| {
            wishes.message_limit_bytes = match value {
                None => None,
                Some(value) => {
                    let bytes: usize = text(value)?.parse().ok()?;
                    let possible = 64 << 10..=GREATEST_MESSAGE_LIMIT_BYTES;
                    Some(possible.contains(&bytes).then_some(bytes)?)
                }
            };
            Some(())
        },
    },
];

/// Sets options, each for itself, and says which were not set.
pub(super) async fn set(caller: &Caller, request: SetSessionOptionsRequest) -> SetSessionOptionsResult {
    let mut options: HashMap<_, _> = request.session_options.into_iter().collect();
    let mut errors = HashMap::new();
    let names = [CATALOG, SCHEMA].map(|name| options.remove(name).map(|value| (name, value)));
    let names: Vec<_> = names.into_iter().flatten().collect();
    if let Err(value) = use_names(caller, &names).await {
        errors.extend(names.iter().map(|(name, _)| ((*name).to_owned(), value)));
    }
    for (name, value) in options {
        if let Err(value) = set_one(caller, &name, &value).await {
            errors.insert(name, value);
        }
    }
    let error = |value: SetSessionOptionErrorValue| SetSessionOptionError { value: value.into() };
    SetSessionOptionsResult {
        errors: errors.into_iter().map(|(name, value)| (name, error(value))).collect(),
    }
}

/// All options with their present values.
pub(super) fn get(caller: &Caller) -> GetSessionOptionsResult {
    let engine = caller.visit.engine();
    let names = [
        (CATALOG, OptionValue::Text(engine.catalog())),
        (SCHEMA, OptionValue::Text(engine.database())),
    ];
    let delivery = caller.visit.wishes().delivery(caller.client_limit_bytes);
    let sent = DELIVERY.iter().map(|option| (option.name, (option.get)(&delivery)));
    let settings = engine
        .settings()
        .into_iter()
        .map(|setting| (setting.name, typed(setting.value)));
    let all = names.into_iter().chain(sent).chain(settings);
    let value = |value| SessionOptionValue {
        option_value: Some(value),
    };
    GetSessionOptionsResult {
        session_options: all.map(|(name, option)| (name.to_owned(), value(option))).collect(),
    }
}

/// Makes `catalog` and `schema`, as far as they are given, those of the session: in one step, since one is nothing without the other.
async fn use_names(caller: &Caller, names: &[(&str, SessionOptionValue)]) -> Result<(), SetSessionOptionErrorValue> {
    if names.is_empty() {
        return Ok(());
    }
    let engine = caller.visit.engine();
    let (mut catalog, mut schema) = (engine.catalog(), engine.database());
    for (name, value) in names {
        let Some(OptionValue::Text(value)) = &value.option_value else {
            return Err(SetSessionOptionErrorValue::InvalidValue);
        };
        let target = if *name == CATALOG { &mut catalog } else { &mut schema };
        target.clone_from(value);
    }
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    run(caller, &format!("USE {}.{}", quoted(&catalog), quoted(&schema))).await
}

async fn set_one(caller: &Caller, name: &str, value: &SessionOptionValue) -> Result<(), SetSessionOptionErrorValue> {
    let value = value.option_value.as_ref();
    if let Some(option) = DELIVERY.iter().find(|option| option.name == name) {
        return (option.set)(&mut caller.visit.wishes(), value).ok_or(SetSessionOptionErrorValue::InvalidValue);
    }
    let settings = caller.visit.engine().settings();
    // What stands in the statement is the name of the list, not the client's text.
    let known = settings.iter().find(|setting| setting.name == name);
    let name = known.ok_or(SetSessionOptionErrorValue::InvalidName)?.name;
    let Some(value) = value else {
        return run(caller, &format!("RESET {name}")).await;
    };
    let value = text(value).ok_or(SetSessionOptionErrorValue::InvalidValue)?;
    run(caller, &format!("SET {name} = '{}'", value.replace('\'', "''"))).await
}

/// Runs a statement that changes the session.
async fn run(caller: &Caller, sql: &str) -> Result<(), SetSessionOptionErrorValue> {
    let ran = async {
        let stream = caller.visit.engine().run(sql).await?;
        stream.try_for_each(|_| async { Ok(()) }).await
    };
    ran.await.map_err(|error: owlet_engine::Error| match error.code() {
        ErrorCode::InvalidSetting | ErrorCode::InvalidValue | ErrorCode::DatabaseNotFound | ErrorCode::SyntaxError => {
            SetSessionOptionErrorValue::InvalidValue
        }
        _ => SetSessionOptionErrorValue::Error,
    })
}

/// The value of a setting by the type that it looks like.
fn typed(value: String) -> OptionValue {
    if let Ok(truth) = value.parse() {
        return OptionValue::Truth(truth);
    }
    match value.parse() {
        Ok(number) => OptionValue::Number(number),
        Err(_) => OptionValue::Text(value),
    }
}

/// A value as SET takes it; a list is none.
fn text(value: &OptionValue) -> Option<String> {
    match value {
        OptionValue::Text(text) => Some(text.clone()),
        OptionValue::Truth(truth) => Some(truth.to_string()),
        OptionValue::Number(number) => Some(number.to_string()),
        OptionValue::Double(number) => Some(number.to_string()),
        OptionValue::List(_) => None,
    }
}

fn truth(value: &OptionValue) -> Option<bool> {
    match value {
        OptionValue::Truth(truth) => Some(*truth),
        other => text(other)?.to_ascii_lowercase().parse().ok(),
    }
}
