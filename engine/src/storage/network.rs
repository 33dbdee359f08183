//! What all queries of a process share: settings, environment, one HTTP client, one limit on requests.

use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};

use super::environment::Environment;
use super::settings::Settings;
use crate::error::{Error, ErrorCode, Result};

#[derive(Debug)]
pub(super) struct Network {
    pub(super) settings: Settings,
    pub(super) environment: Environment,
    pub(super) in_flight: Semaphore,
    client: OnceCell<reqwest::Client>,
}

impl Network {
    pub(super) fn new(settings: Settings, environment: Environment) -> Self {
        Self {
            in_flight: Semaphore::new(settings.requests_in_flight),
            client: OnceCell::new(),
            settings,
            environment,
        }
    }
}
