//! The only place that builds a `SessionState`.

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider, TableProvider,
};
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;

use super::failure::from_datafusion;
use super::session::Snapshot;
use super::{view, zoned};
use crate::error::Result;
use crate::functions;
use crate::governance::{View, Visible, VisibleView};
use crate::storage::QueryStorage;

/// Up to so many partitions, one hash table that all of them probe beats shuffling both sides of a join by its keys: one thread
/// builds it, which costs less than the exchange as long as few would have shared the work. It takes no more memory than the
/// partitions' tables together.
const JOINED_WITHOUT_EXCHANGE: usize = 4;

/// Joins on one integer look their rows up in an array instead of a hash table if the keys' range is smaller than this, whose
/// array is of 4 MiB, …
const SMALL_KEY_RANGE: usize = 1 << 20;

/// … or if at least this part of the range are keys: 80 bytes of array a row then, as much as a hash table comes to. Both are
/// reserved from the query's memory first.
const DENSE_KEYS: f64 = 0.05;

/// The state that every query's is made from: functions, rules and settings, without tables or stores. No function gives more
/// than `call_limit_bytes` in one call because an argument says so.
#[expect(clippy::disallowed_methods, reason = "this is the one place that builds a state")]
pub fn template(target_partitions: usize, call_limit_bytes: usize) -> SessionState {
    let mut config = SessionConfig::new()
        .with_target_partitions(target_partitions)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false);
    let options = config.options_mut();
    // Without a zone the library reads TIMESTAMP WITH TIME ZONE as one without.
    options.execution.time_zone = Some("UTC".to_owned());
    // Spans give errors their line and column.
    options.sql_parser.collect_spans = true;
    options.optimizer.repartition_joins = target_partitions > JOINED_WITHOUT_EXCHANGE;
    options.execution.perfect_hash_join_small_build_threshold = SMALL_KEY_RANGE;
    options.execution.perfect_hash_join_min_key_density = DENSE_KEYS;
    // A join's dynamic filter drops rows in 55.2 where columns of nested joins or aggregates share a name: it goes down by the rules
    // that do not run here, so that operators need not make any.
    options.optimizer.enable_dynamic_filter_pushdown = false;
    options.optimizer.enable_join_dynamic_filter_pushdown = false;
    options.optimizer.enable_topk_dynamic_filter_pushdown = false;
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    let builder = SessionStateBuilder::new()
        .with_config(config)
        .with_default_features()
        .with_physical_optimizer_rules(physical_rules());
    functions::register(builder, call_limit_bytes).build()
}

/// The library's rules, less the two that push filters down once a plan is made: they find columns by name, and above a join whose
/// sides share one they give a filter to the wrong side. Scans get their filters from the logical plan.
fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    rules.retain(|rule| !rule.name().starts_with("FilterPushdown"));
    rules
}

/// The state of one query: the template with this query's tables, its session's settings and its own runtime environment. Views are
/// planned here, each over its own relations.
///
/// # Errors
/// `INTERNAL` if the tables cannot be put together; those of planning a view.
#[expect(clippy::disallowed_methods, reason = "this is the one place that builds a state")]
pub async fn of_query(
    template: &SessionState,
    view: &View,
    session: &Snapshot,
    storage: &Arc<QueryStorage>,
    relation_limit: usize,
) -> Result<SessionState> {
    let mut config = template.config().clone();
    let options = config.options_mut();
    options.catalog.default_catalog.clone_from(&session.defaults.catalog);
    options.catalog.default_schema.clone_from(&session.defaults.database);
    session.settings.apply(options)?;
    let zone = options.execution.time_zone.clone();
    let zone = zone.filter(|_| session.settings.names_time_zone());
    let builder = SessionStateBuilder::new_from_existing(template.clone())
        .with_config(config)
        .with_runtime_env(Arc::new(runtime(storage)?));
    let list = MemoryCatalogProviderList::new();
    let defaults = &session.defaults;
    database(&list, &defaults.catalog, &defaults.database).map_err(from_datafusion)?;
    for (name, visible) in view.relations() {
        let table = match visible {
            Visible::Table(table) => Arc::clone(table),
            Visible::View(inner) => planned(template, inner, session, storage, relation_limit).await?,
        };
        let table = match &zone {
            Some(zone) => zoned::in_zone(&name.table, table, zone).map_err(from_datafusion)?,
            None => table,
        };
        database(&list, &name.catalog, &name.database)
            .and_then(|database| database.register_table(name.table.clone(), table))
            .map_err(from_datafusion)?;
    }
    let mut state = builder.with_catalog_list(Arc::new(list)).build();
    if !session.settings.names_time_zone() {
        functions::give_no_zone(&mut state).map_err(from_datafusion)?;
    }
    // What `now()` is, for the whole of the statement.
    state.mark_start_execution();
    Ok(state)
}

/// A view as a table: its query, planned over its own relations, under the names of the columns that it was made with.
fn planned<'a>(
    template: &'a SessionState,
    inner: &'a VisibleView,
    session: &'a Snapshot,
    storage: &'a Arc<QueryStorage>,
    relation_limit: usize,
) -> BoxFuture<'a, Result<Arc<dyn TableProvider>>> {
    async move {
        let own = Snapshot {
            defaults: inner.defaults.clone(),
            ..session.clone()
        };
        let state = of_query(template, &inner.view, &own, storage, relation_limit).await?;
        view::table(inner, &state, relation_limit).await
    }
    .boxed()
}

/// An environment that knows this query's stores alone and remembers nothing: `DataFusion`'s caches know a file by its path
/// without its bucket, and never forget a listing.
fn runtime(storage: &Arc<QueryStorage>) -> Result<RuntimeEnv> {
    let caches = CacheManagerConfig::default()
        .with_metadata_cache_limit(0)
        .with_list_files_cache_limit(0)
        .with_file_statistics_cache_limit(0);
    RuntimeEnvBuilder::new()
        .with_cache_manager(caches)
        .with_object_store_registry(Arc::clone(storage) as _)
        .build()
        .map_err(from_datafusion)
}

/// The database of that name, made if it is not there.
fn database(
    list: &MemoryCatalogProviderList,
    catalog: &str,
    database: &str,
) -> datafusion::common::Result<Arc<dyn SchemaProvider>> {
    let found = list.catalog(catalog).unwrap_or_else(|| {
        let made: Arc<dyn CatalogProvider> = Arc::new(MemoryCatalogProvider::new());
        list.register_catalog(catalog.to_owned(), Arc::clone(&made));
        made
    });
    if let Some(schema) = found.schema(database) {
        return Ok(schema);
    }
    let made: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
    found.register_schema(database, Arc::clone(&made))?;
    Ok(made)
}
