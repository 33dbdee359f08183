//! Several processes change one catalogue at once, and die while they do.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Child;

use super::place::{output, ready_and_wait, role, wait_until_ready};
use super::*;
use crate::catalog::transaction::Transaction;
use crate::catalog::{Liveness, Settings, WriteClaims, Writer};
use crate::history::{self, History};

const PROCESSES: usize = 8;

both_databases!(
    of_eight_processes_that_make_one_name_one_wins,
    a_table_never_outlives_its_database,
    of_eight_processes_that_claim_one_place_one_gets_it,
    a_change_waits_for_another_one_and_not_for_ever,
    a_process_that_is_killed_in_the_middle_of_a_change_leaves_nothing,
    the_claim_of_a_killed_process_is_taken_over_and_that_of_a_living_one_is_not,
);

/// The path in the crate of the test `name` of this module, on the kind of database that `place` is on.
fn path(place: &Place, name: &str) -> String {
    let module = module_path!().split_once("::").unwrap().1;
    let kind = if place.url.is_some() { "postgresql" } else { "sqlite" };
    format!("{module}::{kind}::{name}")
}

fn start_all(place: &Place, name: &str) -> Vec<Child> {
    (0..PROCESSES)
        .map(|n| place.start(&path(place, name), &n.to_string()))
        .collect()
}

/// The names that a child printed as `won NAME`.
fn won(printed: &str) -> Vec<String> {
    printed
        .lines()
        .filter_map(|line| line.strip_prefix("won "))
        .map(str::to_owned)
        .collect()
}

fn print(text: &str) {
    use std::io::Write;
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}

async fn of_eight_processes_that_make_one_name_one_wins(place: Place) {
    const NAMES: usize = 20;
    if let Some(role) = role() {
        let catalog = open(&place).await;
        let mut report = String::from("\n");
        for n in 0..NAMES {
            let name = name(&format!("t{n}"));
            let change = if role.parse::<usize>().unwrap() % 2 == 0 {
                create_table(
                    TableDefinition {
                        comment: Some(role.clone()),
                        ..table(name)
                    },
                    IfExists::Fail,
                )
            } else {
                create_view(
                    ViewDefinition {
                        comment: Some(role.clone()),
                        ..view(name)
                    },
                    IfExists::Fail,
                )
            };
            match catalog.change(change).await {
                Ok(_) => writeln!(report, "won t{n} {role}").unwrap(),
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::AlreadyExists, "{error}");
                    assert!(error.message().starts_with("there is already a "), "{error}");
                }
            }
        }
        return print(&report);
    }
    // The schema, too, is made by whoever comes first.
    let children = start_all(&place, "of_eight_processes_that_make_one_name_one_wins");
    let winners: Vec<String> = children.into_iter().flat_map(|child| won(&output(child))).collect();
    let catalog = open(&place).await;
    let kept = catalog
        .relations("default")
        .await
        .unwrap()
        .into_iter()
        .map(|relation| match relation {
            Relation::Table(table) => format!("{} {}", table.name.table, table.comment.as_deref().unwrap()),
            Relation::View(view) => format!("{} {}", view.name.table, view.comment.as_deref().unwrap()),
            Relation::System(_) => panic!("a table of Owlet itself"),
        });
    let kept: BTreeSet<String> = kept.collect();
    assert_eq!((winners.len(), kept.len()), (NAMES, NAMES));
    assert_eq!(winners.into_iter().collect::<BTreeSet<_>>(), kept);
}

async fn a_table_never_outlives_its_database(place: Place) {
    const ROUNDS: usize = 20;
    let catalog = open(&place).await;
    if let Some(role) = role() {
        let process: usize = role.parse().unwrap();
        for n in 0..ROUNDS {
            let change = match process % 4 {
                0 => create_database("sales", IfExists::Keep),
                1 => drop_database("sales", n % 2 == 0, IfMissing::Ignore),
                _ => create_table(
                    table(TableName::new("lake", "sales", format!("t{process}_{n}"))),
                    IfExists::Fail,
                ),
            };
            if let Err(error) = catalog.change(change).await {
                let expected = [ErrorCode::DatabaseNotFound, ErrorCode::AlreadyExists];
                assert!(expected.contains(&error.code()), "{error}");
            }
        }
        return;
    }
    for child in start_all(&place, "a_table_never_outlives_its_database") {
        output(child);
    }
    if catalog.database("sales").await.unwrap().is_none() {
        assert!(catalog.relations("sales").await.unwrap().is_empty());
        changes(&catalog, create_database("sales", IfExists::Fail)).await;
    }
    changes(&catalog, drop_database("sales", true, IfMissing::Fail)).await;
    assert!(catalog.relations("sales").await.unwrap().is_empty());
}

async fn of_eight_processes_that_claim_one_place_one_gets_it(place: Place) {
    const PLACES: usize = 20;
    if let Some(role) = role() {
        let claims = WriteClaims::new(open_metastore(&place).await, &Settings::default());
        let mut report = String::from("\n");
        for n in 0..PLACES {
            // Every second process asks for a directory inside the place.
            let inside = if role.parse::<usize>().unwrap() % 2 == 0 {
                ""
            } else {
                "/inside"
            };
            let writer = Writer {
                query_id: &role,
                process_id: &role,
                now: 0,
            };
            match claims
                .claim(&format!("/w/{n}{inside}"), writer, &|_| Liveness::Alive)
                .await
            {
                Ok(_) => writeln!(report, "won {n}{inside}").unwrap(),
                Err(error) => assert_eq!(error.code(), ErrorCode::AlreadyExists, "{error}"),
            }
        }
        return print(&report);
    }
    let children = start_all(&place, "of_eight_processes_that_claim_one_place_one_gets_it");
    let won: Vec<String> = children.into_iter().flat_map(|child| won(&output(child))).collect();
    let places: BTreeSet<&str> = won.iter().map(|place| place.trim_end_matches("/inside")).collect();
    assert_eq!((won.len(), places.len()), (PLACES, PLACES), "{won:?}");
}

async fn a_change_waits_for_another_one_and_not_for_ever(place: Place) {
    let impatient = crate::metastore::Settings {
        url: place.url.as_deref().map(Into::into),
        busy_timeout_ms: 1_000,
        ..crate::metastore::Settings::default()
    };
    let catalog = BuiltinCatalog::new(Metastore::open(&impatient, &place.directory).await.unwrap());
    let metastore = open_metastore(&place).await;
    let transaction = Transaction::begin(&metastore, "test").await.unwrap();
    let words = "another process kept it locked";
    let change = create_database("sales", IfExists::Fail);
    refuses(&catalog, change.clone(), ErrorCode::StorageUnavailable, words).await;
    std::mem::drop(transaction);
    changes(&open(&place).await, change).await;
}

async fn a_process_that_is_killed_in_the_middle_of_a_change_leaves_nothing(place: Place) {
    let metastore = open_metastore(&place).await;
    if role().is_some() {
        let mut transaction = Transaction::begin(&metastore, "test").await.unwrap();
        let sql =
            "INSERT INTO owlet_relations (database_name, name, kind, columns) VALUES ('default', 't', 'TABLE', '')";
        transaction.execute(sqlx::query(sql)).await.unwrap();
        return ready_and_wait();
    }
    let test = "a_process_that_is_killed_in_the_middle_of_a_change_leaves_nothing";
    let mut child = place.start(&path(&place, test), "dies");
    wait_until_ready(&mut child);
    let catalog = BuiltinCatalog::new(metastore);
    assert!(
        relation_names(&catalog, "default").await.is_empty(),
        "readers do not wait"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    changes(&catalog, create_table(table(name("t")), IfExists::Fail)).await;
}

async fn the_claim_of_a_killed_process_is_taken_over_and_that_of_a_living_one_is_not(place: Place) {
    let metastore = open_metastore(&place).await;
    let process = role().unwrap_or_else(|| "observer".to_owned());
    let history = open_history(metastore.clone(), &process).await;
    let claims = WriteClaims::new(metastore, &Settings::default());
    let claim = async |location: &str, query_id: &str| {
        let writer = Writer {
            query_id,
            process_id: &process,
            now: 0,
        };
        claims.claim(location, writer, &|id| history.liveness(id)).await
    };
    if let Some(role) = role() {
        claim(&format!("/w/{role}"), &role).await.unwrap();
        return ready_and_wait();
    }
    let test = path(
        &place,
        "the_claim_of_a_killed_process_is_taken_over_and_that_of_a_living_one_is_not",
    );
    let mut children = ["dead", "swept", "living"].map(|role| place.start(&test, role));
    children.iter_mut().for_each(wait_until_ready);
    for role in ["dead", "swept", "living"] {
        let error = claim(&format!("/w/{role}"), "observed").await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::AlreadyExists, "{error}");
    }
    // On another machine nothing is known of the processes of this one.
    if let Some(machine) = place.on_another_machine() {
        let metastore = open_metastore(&machine).await;
        let history = open_history(metastore.clone(), "other machine").await;
        assert_eq!(history.liveness("dead"), Liveness::Unknown);
        let writer = Writer {
            query_id: "other",
            process_id: "other machine",
            now: 0,
        };
        let claims = WriteClaims::new(metastore, &Settings::default());
        assert!(
            claims
                .claim("/w/dead", writer, &|id| history.liveness(id))
                .await
                .is_err()
        );
    }

    let [mut dead, mut swept, mut living] = children;
    dead.kill().unwrap();
    dead.wait().unwrap();
    let taken = claim("/w/dead", "observed").await.unwrap();
    assert_eq!(
        taken.abandoned.iter().map(|claim| &claim.query_id).collect::<Vec<_>>(),
        ["dead"]
    );

    // Whoever finds a process dead removes its trace, and its claims stay given up.
    swept.kill().unwrap();
    swept.wait().unwrap();
    open_history(open_metastore(&place).await, "sweeper")
        .await
        .close()
        .await
        .unwrap();
    let taken = claim("/w/swept", "observed").await.unwrap();
    assert_eq!(
        taken.abandoned.iter().map(|claim| &claim.query_id).collect::<Vec<_>>(),
        ["swept"]
    );

    assert!(claim("/w/living", "observed").await.is_err());
    std::mem::drop(living.stdin.take());
    assert!(living.wait().unwrap().success());
}

async fn open_history(metastore: Metastore, process_id: &str) -> History {
    History::open(metastore, history::Settings::default(), process_id, Arc::new(|| 0))
        .await
        .unwrap()
}
