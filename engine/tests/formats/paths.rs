//! What the path of a file says, and what lies on the way to it.

use owlet_engine::ErrorCode;

use super::{put, refused};
use crate::support::{TestEngine, numbers};

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_leads_back_is_named_and_is_no_passing_failure() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    put(here, "t/a.parquet", numbers("n", [1]));
    put(here, "t/sub/b.parquet", numbers("n", [2]));
    std::os::unix::fs::symlink(here.join("t"), here.join("t/sub/back")).unwrap();
    put(here, "u/a.parquet", numbers("n", [1]));
    std::os::unix::fs::symlink("itself", here.join("u/itself")).unwrap();
    for (table, link) in [
        ("t/", "t/sub/back"),
        ("t/**/*.parquet", "t/sub/back"),
        ("u/", "u/itself"),
    ] {
        let sql = format!("SELECT sum(n) FROM '{table}'");
        refused(&owlet, &sql, ErrorCode::InvalidValue, &[link, "symbolic link"]).await;
    }
    assert_eq!(owlet.value("SELECT sum(n) FROM 't/a.parquet'").await, "1");
}
