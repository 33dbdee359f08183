//! Times that nanoseconds do not reach, and times of different units beside each other.

use super::{TestEngine, bare_rows, our_rows};
use owlet_engine::ErrorCode;

/// `fine` in nanoseconds and `coarse` in microseconds, `day` a date; the second row is as far as people write "for ever".
async fn tables() -> TestEngine {
    let owlet = TestEngine::local().await;
    for sql in [
        "CREATE TABLE fine (i INT, t TIMESTAMP(9))",
        "INSERT INTO fine VALUES (1, '2020-01-01 00:00:00.123456789'), (2, '1969-12-31 23:59:59.999999999'), \
         (3, '2020-01-01 00:00:00'), (4, NULL)",
        "CREATE TABLE coarse (i INT, t TIMESTAMP, d DATE, z TIMESTAMP WITH TIME ZONE)",
        "INSERT INTO coarse VALUES (1, '2020-01-01 00:00:00.123456', '2020-01-01', '2020-01-01 00:00:00Z'), \
         (2, '9999-12-31 23:59:59.999999', '9999-12-31', '9999-12-31 00:00:00Z'), \
         (3, '1970-01-01 00:00:00', '1970-01-01', '1970-01-01 00:00:00Z'), (4, NULL, NULL, NULL)",
    ] {
        our_rows(&owlet, sql).await.unwrap();
    }
    owlet
}

#[tokio::test]
async fn a_literal_that_nanoseconds_do_not_reach_is_a_time_all_the_same() {
    let literal = "SELECT TIMESTAMP '9999-12-31 23:59:59' AS t";
    assert!(bare_rows(literal).await.is_err());
    assert!(bare_rows("SELECT DATE '9999-12-31' > now() AS b").await.is_err());
    let owlet = TestEngine::local().await;
    for (sql, expected) in [
        (literal, "9999-12-31T23:59:59"),
        (
            "SELECT t + INTERVAL '1 day' AS t FROM (SELECT TIMESTAMP '9999-12-30 00:00:00' AS t)",
            "9999-12-31T00:00:00",
        ),
        ("SELECT DATE '9999-12-31' > now() AS b", "true"),
        ("SELECT TIMESTAMP '9999-12-31 00:00:00' > now() AS b", "true"),
        (
            "SELECT TIMESTAMP '0001-01-01 00:00:00' < TIMESTAMP '2020-01-01 00:00:00' AS b",
            "true",
        ),
        (
            "SELECT DATE '9999-12-31' = TIMESTAMP '9999-12-31 00:00:00' AS b",
            "true",
        ),
        (
            "SELECT * FROM (VALUES (1, TIMESTAMP '9999-12-31 00:00:00'), (2, TIMESTAMP '2020-01-01 00:00:00.5'), (3, NULL)) v(i, t)",
            "1,9999-12-31T00:00:00; 2,2020-01-01T00:00:00.500; 3,null",
        ),
        (
            "SELECT arrow_typeof(TIMESTAMP '2020-01-01 00:00:00') AS t",
            "Timestamp(ns)",
        ),
    ] {
        assert_eq!(our_rows(&owlet, sql).await.unwrap(), expected, "{sql}");
    }
}

#[tokio::test]
async fn a_far_literal_can_be_inserted() {
    let owlet = TestEngine::local().await;
    for sql in [
        "CREATE TABLE t (i INT, t TIMESTAMP, z TIMESTAMP WITH TIME ZONE)",
        "INSERT INTO t VALUES (1, TIMESTAMP '9999-12-31 00:00:00', TIMESTAMP '9999-12-31 00:00:00')",
        "INSERT INTO t SELECT 2, TIMESTAMP '9999-12-31 00:00:00', now()",
    ] {
        our_rows(&owlet, sql).await.unwrap();
    }
    let sql = "SELECT i, t FROM t WHERE t = DATE '9999-12-31' ORDER BY i";
    assert_eq!(
        our_rows(&owlet, sql).await.unwrap(),
        "1,9999-12-31T00:00:00; 2,9999-12-31T00:00:00"
    );
    // Two units in one column are nanoseconds, and what those do not hold is an error.
    let mixed =
        "SELECT * FROM (VALUES (TIMESTAMP '9999-12-31 00:00:00'), (TIMESTAMP '2020-01-01 00:00:00.123456789')) v(t)";
    assert_eq!(
        our_rows(&owlet, mixed).await.unwrap_err().code(),
        ErrorCode::InvalidValue
    );
}

#[tokio::test]
async fn times_are_compared_with_far_literals_and_with_finer_ones() {
    let owlet = tables().await;
    for (relation, predicate, expected) in [
        ("fine", "t < TIMESTAMP '9999-12-31 00:00:00'", "1; 2; 3"),
        ("fine", "t < '9999-12-31 00:00:00'", "1; 2; 3"),
        ("fine", "t < DATE '9999-12-31'", "1; 2; 3"),
        ("fine", "DATE '9999-12-31' <= t", ""),
        ("fine", "t <> DATE '9999-12-31'", "1; 2; 3"),
        ("fine", "t BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'", "1; 2; 3"),
        ("fine", "t NOT BETWEEN DATE '2020-01-01' AND DATE '9999-12-31'", "2"),
        (
            "fine",
            "t IN (TIMESTAMP '9999-12-31 00:00:00', TIMESTAMP '2020-01-01 00:00:00.123456789')",
            "1",
        ),
        ("fine", "t = TIMESTAMP '2020-01-01 00:00:00.123456'", ""),
        ("fine", "t >= DATE '2020-01-01'", "1; 3"),
        ("fine", "t < DATE '1970-01-01'", "2"),
        ("coarse", "t = TIMESTAMP '9999-12-31 23:59:59.999999'", "2"),
        ("coarse", "t > now()", "2"),
        ("coarse", "t <= now()", "1; 3"),
        ("coarse", "d > now()", "2"),
        ("coarse", "z > now()", "2"),
        ("coarse", "z = DATE '9999-12-31'", "2"),
        ("coarse", "d = TIMESTAMP '9999-12-31 00:00:00'", "2"),
        ("coarse", "d >= TIMESTAMP '2020-01-01 00:00:00.000000001'", "2"),
        ("coarse", "t < TIMESTAMP '2020-01-01 00:00:00.123456789'", "1; 3"),
        ("coarse", "t >= TIMESTAMP '2020-01-01 00:00:00.123456001'", "2"),
        ("coarse", "t = TIMESTAMP '2020-01-01 00:00:00.123456789'", ""),
        ("coarse", "NOT t = TIMESTAMP '2020-01-01 00:00:00.123456789'", "1; 2; 3"),
        ("coarse", "t IN (TIMESTAMP '2020-01-01 00:00:00.123456789')", ""),
        (
            "coarse",
            "t NOT IN (TIMESTAMP '2020-01-01 00:00:00.123456789')",
            "1; 2; 3",
        ),
        (
            "coarse",
            "t IS DISTINCT FROM TIMESTAMP '2020-01-01 00:00:00.123456789'",
            "1; 2; 3; 4",
        ),
    ] {
        let sql = format!("SELECT i FROM {relation} WHERE {predicate} ORDER BY i");
        assert_eq!(our_rows(&owlet, &sql).await.unwrap(), expected, "{sql}");
    }
}

#[tokio::test]
async fn times_of_different_units_are_compared_as_moments() {
    let owlet = tables().await;
    for (sql, expected) in [
        (
            "SELECT f.i AS f, c.i AS c FROM fine f JOIN coarse c ON f.t < c.t ORDER BY 1, 2",
            "1,2; 2,1; 2,2; 2,3; 3,1; 3,2",
        ),
        (
            "SELECT f.i AS f, c.i AS c FROM fine f JOIN coarse c ON c.t <= f.t ORDER BY 1, 2",
            "1,1; 1,3; 3,3",
        ),
        (
            "SELECT f.i AS f, c.i AS c FROM fine f JOIN coarse c ON f.t = c.d",
            "3,1",
        ),
        ("SELECT f.i AS f, c.i AS c FROM fine f JOIN coarse c ON f.t = c.t", ""),
        (
            "SELECT f.i AS f FROM fine f JOIN (SELECT CAST(d AS TIMESTAMP(6)) AS t FROM coarse WHERE i <> 2) c USING (t)",
            "3",
        ),
        (
            "SELECT i FROM fine WHERE t < (SELECT max(t) FROM coarse) ORDER BY i",
            "1; 2; 3",
        ),
        (
            "SELECT count(*) AS n FROM fine f, coarse c WHERE f.t IS NOT DISTINCT FROM c.t",
            "1",
        ),
        (
            "SELECT min(t) AS a, max(t) AS b FROM fine",
            "1969-12-31T23:59:59.999999999,2020-01-01T00:00:00.123456789",
        ),
        (
            "SELECT t FROM (SELECT t FROM fine WHERE i < 3 UNION ALL SELECT t FROM coarse WHERE i = 1) ORDER BY t",
            "1969-12-31T23:59:59.999999999; 2020-01-01T00:00:00.123456; 2020-01-01T00:00:00.123456789",
        ),
    ] {
        assert_eq!(our_rows(&owlet, sql).await.unwrap(), expected, "{sql}");
    }
    // One column has one unit: what it cannot hold is an error, and no other time.
    let union = "SELECT t FROM fine UNION ALL SELECT t FROM coarse";
    assert_eq!(
        our_rows(&owlet, union).await.unwrap_err().code(),
        ErrorCode::InvalidValue
    );
}

#[tokio::test]
async fn a_time_without_zone_is_what_the_clocks_of_the_zone_show() {
    let moment =
        "SELECT CAST(arrow_cast('2024-01-01T04:59:59Z', 'Timestamp(µs, \"America/New_York\")') AS TIMESTAMP) AS t";
    assert_eq!(bare_rows(moment).await.unwrap(), "2024-01-01T04:59:59");
    let owlet = TestEngine::local().await;
    assert_eq!(our_rows(&owlet, moment).await.unwrap(), "2023-12-31T23:59:59");
}

#[tokio::test]
async fn a_time_without_zone_is_compared_with_a_moment_by_the_clocks_of_its_zone() {
    let moment = "arrow_cast('2024-01-01T00:00:00-05:00', 'Timestamp(ns, \"America/New_York\")')";
    let rows = "(VALUES (1, arrow_cast('2023-12-31T23:00:00', 'Timestamp(µs, None)')), \
                (2, arrow_cast('2024-01-01T01:00:00', 'Timestamp(µs, None)'))) v(i, t)";
    let later = format!("SELECT i FROM {rows} WHERE t >= {moment}");
    assert_eq!(bare_rows(&later).await.unwrap(), "", "by the clocks of UTC");
    let owlet = TestEngine::local().await;
    assert_eq!(our_rows(&owlet, &later).await.unwrap(), "2");
    let dated = format!("SELECT i FROM (SELECT i, CAST(t AS DATE) AS d FROM {rows}) WHERE d >= {moment}");
    assert_eq!(our_rows(&owlet, &dated).await.unwrap(), "2");
}
