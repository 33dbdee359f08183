//! Plans and what they refuse; bytes are compared in `owlet`'s own tests, of whole files in a store.

use super::*;
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use std::num::NonZeroUsize;
use std::sync::Arc;

fn refusal(name: &str, wishes: &Wishes) -> String {
    let plan = Generator::named(name).and_then(|generator| generator.plan(wishes));
    plan.map_or_else(|refusal| refusal.0, |plan| format!("{} files", plan.files.len()))
}

#[test]
fn a_scale_out_of_range_is_refused() {
    for scale in [0.0, -1.0, 0.0001, 1e6, f64::NAN, f64::INFINITY] {
        let wishes = Wishes {
            scale: Some(scale),
            ..Wishes::default()
        };
        assert_eq!(
            refusal("tpch", &wishes),
            format!("--scale is {scale}: give a number from 0.001 to 100000")
        );
    }
}

#[test]
fn a_wish_that_is_not_heeded_is_refused() {
    let seed = Wishes {
        seed: Some(1),
        ..Wishes::default()
    };
    assert_eq!(
        refusal("tpch", &seed),
        "\"tpch\" takes no --seed, since its specification fixes every row; it takes --scale"
    );
    let scale = Wishes {
        scale: Some(1.0),
        ..Wishes::default()
    };
    assert!(refusal("weblogs", &scale).starts_with("\"weblogs\" takes no --scale; it takes --rows, --days"));
    let tables = Wishes {
        tables: vec!["orders".to_owned(), "linitem".to_owned()],
        ..Wishes::default()
    };
    assert!(refusal("tpch", &tables).starts_with("\"tpch\" has no table \"linitem\": it has lineitem, orders"));
    assert_eq!(
        refusal("taxis", &Wishes::default()),
        "there is no data set \"taxis\": choose tpch, weblogs, sensors"
    );
}

#[test]
fn large_tables_have_several_files_and_small_ones_one() {
    let wishes = Wishes {
        scale: Some(10.0),
        ..Wishes::default()
    };
    let plan = tpch::GENERATOR.plan(&wishes).unwrap();
    let files = |table: &str| plan.files.iter().filter(|file| file.table == table).count();
    assert_eq!((files("lineitem"), files("orders"), files("region")), (15, 4, 1));
    assert_eq!(plan.expected_rows, 86_612_180);
    assert_eq!(plan.files[1].path, "lineitem/part-00001.parquet");
}

#[test]
fn every_table_of_every_generator_is_planned_and_no_other() {
    for generator in GENERATORS {
        let plan = generator.plan(&Wishes::default()).unwrap();
        assert_eq!(plan.tables(), generator.tables, "{}", generator.name);
        let wishes = Wishes {
            tables: vec![generator.tables[0].to_owned()],
            ..Wishes::default()
        };
        assert_eq!(generator.plan(&wishes).unwrap().tables(), generator.tables[..1]);
    }
}

#[test]
fn a_parquet_file_says_nothing_of_the_versions_that_wrote_it() {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use std::sync::Arc;

    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
    let encoding = encoding::Encoding::choose(None, None).unwrap();
    let mut encoder = encoding.begin(&batch.schema()).unwrap();
    encoder.write(&batch).unwrap();
    encoder.finish().unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::from(encoder.take())).unwrap();
    let footer = reader.metadata().file_metadata();
    assert_eq!(
        (footer.created_by(), footer.key_value_metadata()),
        (Some("owlet datasets"), None)
    );
}

#[tokio::test]
async fn a_place_that_another_run_writes_to_is_refused_until_it_has_ended() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let target = |may_overwrite| Target {
        store: Arc::clone(&store),
        directory: Path::from("set"),
        may_overwrite,
    };
    let wishes = Wishes {
        devices: Some(1),
        days: Some(1),
        ..Wishes::default()
    };
    let plan = || sensors::GENERATOR.plan(&wishes).unwrap();
    assert_eq!(check(&plan(), &target(false)).await.unwrap(), 0);
    let second = check(&plan(), &target(false)).await;
    assert!(
        matches!(&second, Err(Failure::Refused(why)) if why.0.contains("another run")),
        "{second:?}"
    );
    // What a killed run has left may be replaced.
    assert_eq!(check(&plan(), &target(true)).await.unwrap(), 0);
    let one = NonZeroUsize::MIN;
    write(
        plan(),
        &target(false),
        one,
        &Arc::new(Progress::default()),
        &Stop::new(),
    )
    .await
    .unwrap();
    let third = check(&plan(), &target(false)).await;
    assert!(
        matches!(&third, Err(Failure::Refused(why)) if why.0.contains("--overwrite")),
        "{third:?}"
    );
    // Neither a run that has ended nor one that was refused leaves a claim.
    let left: Vec<_> = store.list(None).try_collect().await.unwrap();
    let claims = left
        .iter()
        .filter(|object| object.location.as_ref().contains("_IN_PROGRESS"));
    assert_eq!((claims.count(), left.is_empty()), (0, false));
}
