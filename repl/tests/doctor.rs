//! `owlet doctor`: each way in which a store can fail us is seen at its own step, with words that say what to change.

mod servers;

use std::fs;
use std::process::Stdio;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use owlet_s3_fixture::{Fault, RequestKind, RequestRule, S3Fixture};
use serde_json::Value;

use crate::shell::{Ended, Shell, spawn};
use servers::{CERTIFICATES, answer};

const PLACE: &str = "s3://bucket/people/";

/// What an examination found.
struct Findings {
    ended: Ended,
    steps: Vec<Value>,
}

impl Findings {
    fn step(&self, name: &str) -> &Value {
        let step = self.steps.iter().find(|step| step["step"] == name);
        assert!(step.is_some(), "no step {name}: {}", self.ended.stdout);
        step.unwrap()
    }

    /// The step ended so, and what was seen, its details and the advice hold these words.
    #[track_caller]
    fn assert(&self, name: &str, outcome: &str, words: &[&str]) -> &Self {
        let step = self.step(name);
        assert_eq!(step["outcome"], outcome, "{}", self.ended.stdout);
        for words in words {
            assert!(
                step.to_string().contains(&words.replace('"', "\\\"")),
                "{words}: {step}"
            );
        }
        self
    }

    /// The step failed as [`Self::assert`] has it, those before it did not, and the exit code says so.
    #[track_caller]
    fn assert_first_failure(&self, name: &str, words: &[&str]) -> &Self {
        self.assert(name, "failed", words);
        let before = self.steps.iter().take_while(|step| step["step"] != name);
        for step in before {
            assert_ne!(step["outcome"], "failed", "{}", self.ended.stdout);
        }
        assert_eq!(self.ended.code, Some(1), "{}", self.ended.stdout);
        self
    }
}

/// Examines `place`. Whatever is found, nothing that opens a store is printed.
#[track_caller]
fn examine(shell: &Shell, place: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Findings {
    let mut command = shell.command(&["doctor", place, "--format", "ndjson"]);
    let ended = Ended::from(
        command
            .args(arguments)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(variables.iter().copied())
            .output()
            .unwrap(),
    );
    let printed = format!("{}{}", ended.stdout, ended.stderr);
    let secrets = command.get_envs().filter(|(name, _)| {
        ["SECRET", "TOKEN", "ACCESS_KEY_ID"]
            .iter()
            .any(|part| name.to_string_lossy().contains(part))
    });
    for secret in secrets
        .filter_map(|(_, value)| value?.to_str())
        .filter(|value| !value.is_empty())
    {
        assert!(!printed.contains(secret), "{printed}");
    }
    for part in ["Signature=", "Credential=", "X-Amz-"] {
        assert!(!printed.contains(part), "{printed}");
    }
    let steps = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    Findings {
        steps: steps.collect(),
        ended,
    }
}

/// A store with two objects under the place, and a shell that knows its address and its keys.
fn store() -> (S3Fixture, Shell) {
    let store = S3Fixture::start_blocking(&["bucket"]);
    store.put("bucket", "people/part-1.parquet", "0123456789".repeat(10));
    store.put("bucket", "people/part-2.parquet", "abc");
    let shell = Shell::with_variables(store.environment());
    (store, shell)
}

/// A shell that knows keys, and is told that its store is at `endpoint`.
fn shell_of(endpoint: String) -> Shell {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIATESTTESTTEST0001".to_owned()),
        (
            "AWS_SECRET_ACCESS_KEY",
            "a-secret-access-key-of-the-test-000000001".to_owned(),
        ),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
    ];
    Shell::with_variables(
        variables
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect(),
    )
}

fn left_in(store: &S3Fixture) -> Vec<String> {
    let names = fs::read_dir(store.bucket_directory("bucket").join("people")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("owlet")).collect()
}

#[test]
fn all_is_well_where_all_is_well_and_nothing_is_left_behind() {
    let (store, shell) = store();
    let findings = examine(&shell, PLACE, &["--write"], &[]);
    assert_eq!(findings.ended.code, Some(0), "{}", findings.ended.stdout);
    for step in &findings.steps {
        let expected = if step["step"] == "tls" { "skipped" } else { "passed" };
        assert_eq!(step["outcome"], expected, "{step}");
    }
    findings.assert(
        "settings",
        "passed",
        &["the variable AWS_ENDPOINT_URL", "the variable AWS_REGION"],
    );
    findings.assert(
        "credentials",
        "passed",
        &["access key OWLE…, from the variables AWS_ACCESS_KEY_ID"],
    );
    findings.assert("list", "passed", &["2 objects", "ETag", "pages follow each other"]);
    findings.assert("range", "passed", &["16 bytes", "part-1.parquet", "If-Match is obeyed"]);
    assert_eq!(left_in(&store), [""; 0]);
    let counters = store.counters();
    assert_eq!((counters.put, counters.delete), (2, 1));
}

#[test]
fn people_get_a_line_a_step_and_a_conclusion() {
    let (store, shell) = store();
    let ended = shell.run(&["doctor", PLACE]);
    let shown = ended.succeeded();
    assert!(
        shown.contains("\nok    protocol         the server speaks S3"),
        "{shown}"
    );
    assert!(shown.contains("\nskip  conditional-put  not checked"), "{shown}");
    assert!(shown.ends_with("\n\nAll is well: queries can read here.\n"), "{shown}");
    assert_eq!(store.counters().put, 0);
    let ended = shell.run(&["doctor", "s3://buckets/people/"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""), "{}", ended.stdout);
    let shown = ended.stdout;
    assert!(shown.contains("\nFAIL  bucket           there is no bucket"), "{shown}");
    assert!(
        shown.contains("\n                       -> did you mean \"bucket\"?\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\nskip  list             builds on the step \"bucket\""),
        "{shown}"
    );
    assert!(
        shown.contains("The step \"bucket\" failed. What to change: did you mean"),
        "{shown}"
    );
}

#[test]
fn credentials_that_are_refused_are_told_apart() {
    let (store, shell) = store();
    let examine = |variables: &[(&str, &str)]| examine(&shell, PLACE, &[], variables);
    examine(&[("AWS_SECRET_ACCESS_KEY", "a-wrong-secret-key-000000000000000000001")])
        .assert_first_failure("permission", &["OWLE…", "its secret is another one", "without blanks"]);
    examine(&[("AWS_ACCESS_KEY_ID", "AKIAUNKNOWNUNKNOWN01")]).assert_first_failure(
        "permission",
        &["does not know the access key AKIA…", "key of this store"],
    );
    let denied = Fault::Status {
        code: 403,
        s3_code: "AccessDenied",
    };
    let rule = store.inject(RequestRule::on(RequestKind::List).fault(denied));
    examine(&[]).assert_first_failure("permission", &["AccessDenied", "s3:ListBucket"]);
    store.withdraw(rule);
    store.set_credentials("OWLETFIXTUREKEY00002", "another-secret-key-0000000000000000000002");
    examine(&[]).assert_first_failure("permission", &["have expired", "renew them"]);
}

#[test]
fn without_credentials_every_source_says_what_it_has() {
    let (store, shell) = store();
    let none = [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("HOME", "/nowhere"),
    ];
    let findings = examine(&shell, PLACE, &[], &none);
    findings.assert_first_failure(
        "credentials",
        &[
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
            "\"/nowhere/.aws/credentials\" is not there",
            "not asked, by AWS_EC2_METADATA_DISABLED",
        ],
    );
    findings.assert("list", "skipped", &["credentials"]);
    store.allow_anonymous_reads("bucket");
    examine(&shell, PLACE, &[], &none).assert_first_failure("credentials", &["set `anonymous = true`"]);
    shell.write("owlet.toml", "[storage.buckets.\"s3://bucket\"]\nanonymous = true\n");
    let findings = examine(&shell, PLACE, &["--config", "owlet.toml"], &none);
    assert_eq!(findings.ended.code, Some(0), "{}", findings.ended.stdout);
    findings.assert("credentials", "passed", &["`anonymous`"]);
}

#[test]
fn an_empty_place_is_a_warning_with_its_neighbours() {
    let (_store, shell) = store();
    let findings = examine(&shell, "s3://bucket/People/", &[], &[]);
    assert_eq!(findings.ended.code, Some(0), "{}", findings.ended.stdout);
    findings.assert(
        "list",
        "warning",
        &["nothing lies under", "upper and lower case", "people/"],
    );
    findings.assert("range", "skipped", &["no object"]);
    examine(&shell, "s3://bucket/people/part-2.parquet", &[], &[]).assert("list", "passed", &["1 object"]);
}

#[test]
fn a_server_that_is_not_there_is_seen_at_its_address() {
    let shell = shell_of(format!("http://{}", servers::nothing()));
    examine(&shell, PLACE, &[], &[])
        .assert_first_failure(
            "address",
            &["nothing listens at 127.0.0.1", "the variable AWS_ENDPOINT_URL"],
        )
        .assert("conditional-put", "skipped", &["address"]);
    // No name server is asked for a name whose part is longer than 63 characters.
    let host = format!("{}.example", "x".repeat(64));
    let shell = shell_of(format!("http://{host}"));
    examine(&shell, PLACE, &[], &[]).assert_first_failure("address", &[&format!("\"{host}\" is not known")]);
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let (_listener, address) = servers::silent();
    let shell = shell_of(format!("http://{address}"));
    let begun = Instant::now();
    examine(&shell, PLACE, &["--timeout", "1"], &[])
        .assert_first_failure("protocol", &["no answer within 1 s", "then says nothing"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn http_and_https_that_are_confused_are_told() {
    let (store, shell) = store();
    let wrong = store.endpoint().replace("http:", "https:");
    examine(&shell, PLACE, &[], &[("AWS_ENDPOINT_URL", &wrong)]).assert_first_failure(
        "tls",
        &[
            "answers http, not https",
            &store.endpoint(),
            "AWS_ALLOW_HTTP=true",
            "allow_http = true",
        ],
    );
    let target = store.endpoint().strip_prefix("http://").unwrap().parse().unwrap();
    let port = servers::tls("valid.pem", target).port();
    let wrong = format!("http://localhost:{port}");
    examine(&shell, PLACE, &[], &[("AWS_ENDPOINT_URL", &wrong)]).assert_first_failure(
        "protocol",
        &["answers https, not http", &format!("https://localhost:{port}")],
    );
    examine(&shell, PLACE, &[], &[("AWS_ALLOW_HTTP", "")])
        .assert_first_failure("settings", &["unencrypted", "AWS_ALLOW_HTTP=true"]);
}

#[test]
fn a_certificate_is_judged() {
    let (store, shell) = store();
    let target = store.endpoint().strip_prefix("http://").unwrap().parse().unwrap();
    let authority = format!("{CERTIFICATES}/authority.pem");
    let check = |certificate: &str, host: &str, bundle: &str| {
        let endpoint = format!("https://{host}:{}", servers::tls(certificate, target).port());
        examine(
            &shell,
            PLACE,
            &[],
            &[("AWS_ENDPOINT_URL", &endpoint), ("AWS_CA_BUNDLE", bundle)],
        )
    };
    let well = check("valid.pem", "localhost", &authority);
    well.assert("tls", "passed", &["valid"])
        .assert("range", "passed", &["16 bytes"]);
    assert_eq!(well.ended.code, Some(0), "{}", well.ended.stdout);
    check("valid.pem", "localhost", "").assert_first_failure("tls", &["authority", "AWS_CA_BUNDLE", "ca_bundle_file"]);
    check("expired.pem", "localhost", &authority).assert_first_failure("tls", &["expired", "renew"]);
    check("valid.pem", "127.0.0.1", &authority).assert_first_failure("tls", &["not for \"127.0.0.1\"", "localhost"]);
    check("valid.pem", "localhost", "/nowhere.pem").assert_first_failure("settings", &["/nowhere.pem"]);
}

#[test]
fn a_web_server_is_not_taken_for_a_store() {
    let headers = "Content-Type: text/html\r\nServer: nginx/1.27\r\n";
    let address = servers::says(move |_| answer("404 Not Found", headers, "<html>nothing here</html>"));
    examine(&shell_of(format!("http://{address}")), PLACE, &[], &[]).assert_first_failure(
        "protocol",
        &["not one of S3: 404 Not Found, text/html (nginx/1.27)", "web console"],
    );
}

#[test]
fn a_clock_that_differs_is_seen() {
    let refusal = "<Error><Code>RequestTimeTooSkewed</Code><Message>too far</Message></Error>";
    let headers = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/xml\r\n";
    let address = servers::says(move |_| answer("403 Forbidden", headers, refusal));
    examine(&shell_of(format!("http://{address}")), PLACE, &[], &[])
        .assert_first_failure("clock", &["minutes ahead of", "set the clock"])
        .assert("permission", "failed", &["time of the signature"]);
}

#[test]
fn another_region_is_named() {
    let refusal = "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>";
    let headers = "x-amz-bucket-region: eu-central-1\r\nContent-Type: application/xml\r\n";
    let address = servers::says(move |_| answer("301 Moved Permanently", headers, refusal));
    examine(&shell_of(format!("http://{address}")), PLACE, &[], &[]).assert_first_failure(
        "region",
        &[
            "is in \"eu-central-1\"",
            "AWS_REGION=eu-central-1",
            "the variable AWS_REGION",
        ],
    );
    let malformed =
        "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-3</Region></Error>";
    let address = servers::says(move |_| answer("400 Bad Request", "", malformed));
    examine(&shell_of(format!("http://{address}")), PLACE, &[], &[])
        .assert_first_failure("region", &["is in \"eu-west-3\""]);
}

#[test]
fn a_bucket_that_is_looked_for_in_the_wrong_place_is_told() {
    let (store, shell) = store();
    shell.write("owlet.toml", "[storage.buckets.\"s3://bucket\"]\npath_style = false\n");
    let endpoint = store.endpoint().replace("127.0.0.1", "localhost");
    examine(
        &shell,
        PLACE,
        &["--config", "owlet.toml"],
        &[("AWS_ENDPOINT_URL", &endpoint)],
    )
    .assert_first_failure(
        "path-style",
        &["in the path, not in the host's name", "set `path_style = true`"],
    );
}

#[test]
fn a_store_that_ignores_what_is_asked_of_it_is_seen() {
    let (store, shell) = store();
    let rule = store.inject(RequestRule::on(RequestKind::Get).fault(Fault::IgnoreRange));
    examine(&shell, PLACE, &[], &[]).assert_first_failure("range", &["the whole object", "does ranges"]);
    store.withdraw(rule);
    store.inject(RequestRule::on_any(&[RequestKind::Get, RequestKind::Put]).fault(Fault::IgnoreConditions));
    examine(&shell, PLACE, &["--write"], &[])
        .assert_first_failure("conditional-put", &["two writers could overwrite each other"])
        .assert("range", "warning", &["ignores If-Match", "OBJECT_CHANGED"]);
    assert_eq!(left_in(&store), [""; 0]);
}

#[test]
fn what_may_not_be_done_is_told_by_its_name() {
    let (store, shell) = store();
    let denied = Fault::Status {
        code: 403,
        s3_code: "AccessDenied",
    };
    let rules =
        [RequestKind::Get, RequestKind::Put].map(|kind| store.inject(RequestRule::on(kind).fault(denied.clone())));
    examine(&shell, PLACE, &["--write"], &[])
        .assert_first_failure("range", &["s3:GetObject"])
        .assert("conditional-put", "failed", &["s3:PutObject"]);
    for rule in rules {
        store.withdraw(rule);
    }
    store.inject(RequestRule::on(RequestKind::Delete).fault(denied));
    examine(&shell, PLACE, &["--write"], &[])
        .assert_first_failure("conditional-put", &["cannot be deleted", "_owlet_doctor_", "by hand"]);
    let overloaded = Fault::Status {
        code: 503,
        s3_code: "SlowDown",
    };
    store.inject(RequestRule::on(RequestKind::List).fault(overloaded));
    examine(&shell, PLACE, &[], &[]).assert_first_failure("permission", &["fails: 503 SlowDown"]);
}

#[test]
fn an_interrupted_examination_takes_back_what_it_wrote() {
    let (store, shell) = store();
    // The object is there, and the answer waits for the end of the test.
    let (_end, waits) = mpsc::channel::<()>();
    let waits = Mutex::new(waits);
    store.on_applied(RequestRule::on(RequestKind::Put), move |_| {
        waits.lock().unwrap().recv().unwrap_err();
    });
    let child = spawn(
        shell
            .command(&["doctor", PLACE, "--write", "--timeout", "300"])
            .stdin(Stdio::null()),
    );
    let deadline = Instant::now() + Duration::from_mins(1);
    while left_in(&store).is_empty() {
        assert!(Instant::now() < deadline, "nothing was written");
        std::thread::yield_now();
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(left_in(&store), [""; 0]);
}

#[test]
fn the_state_of_owlet_itself_is_not_asked_for() {
    let (_store, shell) = store();
    shell.write("home", "a file where the data directory should be");
    let findings = examine(&shell, PLACE, &[], &[]);
    assert_eq!(findings.ended.code, Some(0), "{}", findings.ended.stdout);
}

#[test]
fn files_and_web_servers_are_examined_too() {
    let (store, shell) = store();
    store.allow_anonymous_reads("bucket");
    fs::create_dir(shell.path("lake")).unwrap();
    shell.write("lake/a.csv", "n\n1\n");
    let findings = examine(&shell, "lake", &[], &[]);
    assert_eq!(findings.ended.code, Some(0), "{}", findings.ended.stdout);
    findings
        .assert("list", "passed", &["1 file"])
        .assert("read", "passed", &[]);
    examine(&shell, "lakes", &[], &[]).assert_first_failure("path", &["No such file"]);
    let url = format!("{}/bucket/people/part-1.parquet?secret=of-the-url", store.endpoint());
    let findings = examine(&shell, &url, &[], &[]);
    findings.assert("range", "passed", &["parts of the file"]);
    assert!(
        !findings.ended.stdout.contains("of-the-url"),
        "{}",
        findings.ended.stdout
    );
    examine(&shell, &url.replace("part-1", "part-9"), &[], &[]).assert_first_failure("range", &["nothing at", "404"]);
}

#[test]
fn what_is_no_place_is_an_error_of_the_arguments() {
    let shell = Shell::new();
    assert!(shell.run(&["doctor", "ftp://bucket/"]).failed(2).contains("ftp"));
    shell.write("owlet.toml", "[storage]\nmax_retrys = 1\n");
    shell.run(&["doctor", PLACE, "--config", "owlet.toml"]).failed(3);
}

/// Examines a Flight SQL server.
fn examine_server(address: &str, arguments: &[&str]) -> Findings {
    let shell = Shell::with_variables(vec![("OWLET_PASSWORD".to_owned(), "open-sesame".to_owned())]);
    let arguments = [&["doctor", "flightsql", address, "--format", "ndjson"], arguments].concat();
    let ended = shell.run(&arguments);
    let printed = format!("{}{}", ended.stdout, ended.stderr);
    assert!(
        !printed.contains("open-sesame") && !printed.contains("b3Blbi1zZXNhbWU"),
        "{printed}"
    );
    let steps = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    Findings {
        steps: steps.collect(),
        ended,
    }
}

#[test]
fn a_flight_sql_server_is_examined_driver_by_driver() {
    let shell = Shell::new();
    let (server, address) = crate::serve::start(&shell, &["--listen", "127.0.0.1:0"]);
    let address = format!("grpc://{address}");
    let findings = examine_server(&address, &["--user", "anna", "--write", "--timeout", "60"]);
    assert_eq!(findings.ended.code, Some(0), "{}", findings.ended.stdout);
    for driver in ["server", "jdbc", "adbc", "odbc", "superset", "grafana", "power-bi"] {
        let of_driver = findings.steps.iter().filter(|step| step["driver"] == driver);
        assert!(of_driver.count() >= 2, "{driver}: {}", findings.ended.stdout);
    }
    let text = shell.run(&["doctor", "flightsql", &address, "--timeout", "60"]);
    let shown = text.succeeded();
    assert!(shown.contains("ok    adbc objects"), "{shown}");
    assert!(shown.contains("these drivers can work with this server"), "{shown}");
    assert_eq!(crate::serve::code_after(Signal::SIGTERM, server), Some(0));
}

#[test]
fn a_flight_sql_server_that_is_none_is_said_to_be_none_in_time() {
    let check = |address: String, step: &str, words: &[&str]| {
        let findings = examine_server(&format!("grpc://{address}"), &["--timeout", "1"]);
        findings.assert_first_failure(step, words);
    };
    check(
        servers::nothing().to_string(),
        "connect",
        &["unreachable", "nothing listens at"],
    );
    let web = servers::says(|_| answer("400 Bad Request", "", ""));
    check(web.to_string(), "service", &["no-grpc", "an HTTP server"]);
    let (_silent, address) = servers::silent();
    check(address.to_string(), "service", &["no-grpc", "no answer within"]);
}

#[test]
fn an_address_that_is_none_of_a_flight_sql_server_is_refused() {
    let check = |address: &str, words: &str| {
        let ended = Shell::new().run(&["doctor", "flightsql", address]);
        assert!(ended.failed(2).contains(words), "{}", ended.stderr);
    };
    check("grpc+tls://127.0.0.1:1", "does not speak to Flight SQL servers");
    check("http://127.0.0.1:1", "write it as grpc://host:port");
    check("grpc://127.0.0.1", "has no port");
    let ended = Shell::new().run(&["doctor"]);
    assert!(ended.failed(2).contains("URL"), "{}", ended.stderr);
}
