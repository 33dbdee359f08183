//! Credentials that a bucket's settings name one by one.

use std::path::PathBuf;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, Result as Credential};

use crate::storage::environment::Environment;
use crate::storage::secret::Secret;
use crate::storage::settings::BucketSettings;

/// Reads the variables and files that the settings of a bucket name. Files are read anew each time, so that what rotates
/// them is followed.
#[derive(Debug)]
pub(super) struct NamedCredentials {
    key: Source,
    secret: Source,
    token: Option<Source>,
}

#[derive(Debug)]
enum Source {
    Value(Secret),
    File(PathBuf),
    Missing(String),
}

impl NamedCredentials {
    /// The credentials that the settings name, if they name any.
    pub(super) fn of(settings: &BucketSettings, environment: &Environment) -> Option<Self> {
        let source = |name: &str, variable: &Option<String>, file: &Option<PathBuf>| match (variable, file) {
            (Some(variable), _) => Some(match environment.get(variable) {
                Some(value) => Source::Value(Secret::new(value)),
                None => Source::Missing(format!("the variable \"{variable}\" is not set")),
            }),
            (None, Some(file)) => Some(Source::File(file.clone())),
            (None, None) if name.is_empty() => None,
            (None, None) => Some(Source::Missing(format!("neither {name}_env nor {name}_file is set"))),
        };
        let named = |variable: &Option<String>, file: &Option<PathBuf>| variable.is_some() || file.is_some();
        let any = named(&settings.access_key_id_env, &settings.access_key_id_file)
            || named(&settings.secret_access_key_env, &settings.secret_access_key_file);
        any.then_some(())?;
        Some(Self {
            key: source(
                "access_key_id",
                &settings.access_key_id_env,
                &settings.access_key_id_file,
            )?,
            secret: source(
                "secret_access_key",
                &settings.secret_access_key_env,
                &settings.secret_access_key_file,
            )?,
            token: source("", &settings.session_token_env, &settings.session_token_file),
        })
    }

    fn read(&self) -> Credential {
        let token = self.token.as_ref().map(Source::read).transpose()?;
        Ok(Credentials::new(
            self.key.read()?,
            self.secret.read()?,
            token,
            None,
            "owlet settings",
        ))
    }
}

impl Source {
    fn read(&self) -> Result<String, CredentialsError> {
        match self {
            Self::Value(secret) => Ok(secret.reveal().to_owned()),
            Self::Missing(why) => Err(CredentialsError::invalid_configuration(why.clone())),
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(text.trim().to_owned()),
                Err(cause) => {
                    let message = format!("\"{}\" cannot be read: {cause}", path.display());
                    Err(CredentialsError::invalid_configuration(message))
                }
            },
        }
    }
}

impl ProvideCredentials for NamedCredentials {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::ready(self.read())
    }
}
