//! Where credentials come from, how long they last, and that they are never shown.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use owlet_engine::ErrorCode;
use owlet_engine::storage::{Access, BucketSettings, QueryStorage, Settings};
use owlet_s3_fixture::{Fault, RequestKind, RequestRule, S3Fixture};
use tempfile::TempDir;

use super::web_server::{Answer, WebServer};
use super::{OneQuery, assert_failed, assert_same, failure, list, location, opened, pattern, read, settings};

/// A query whose environment is these variables and nothing else, with the settings of its bucket.
fn query(variables: &[(&str, &str)], bucket: BucketSettings) -> Arc<QueryStorage> {
    let settings = Settings {
        buckets: [("s3://data".to_owned(), bucket)].into(),
        ..settings()
    };
    opened(settings, variables.iter().copied().collect())
        .unwrap()
        .query(Access::Local)
}

fn store(query: &QueryStorage) -> Arc<dyn ObjectStore> {
    query.store(&location("s3://data/")).unwrap()
}

async fn fixture() -> S3Fixture {
    let fixture = S3Fixture::start(&["data"]).await;
    fixture.put("data", "a", b"abc");
    fixture
}

/// Variables that say where the fixture is, and that no metadata service is near.
fn address(fixture: &S3Fixture) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL_S3", fixture.endpoint().as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Reads an object with `variables` besides the fixture's address.
async fn read_with(fixture: &S3Fixture, variables: &[(&str, &str)]) -> object_store::Result<Vec<u8>> {
    let mut all = address(fixture);
    all.extend(
        variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    let all: Vec<_> = all
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let query = query(&all, BucketSettings::default());
    read(&store(&query), "a").await
}

#[tokio::test]
async fn the_environment_has_keys_and_the_endpoint_under_each_of_its_names() {
    let fixture = fixture().await;
    let (key, secret, endpoint) = (fixture.access_key(), fixture.secret_key(), fixture.endpoint());
    for name in ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"] {
        let variables = [
            (name, endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", &key),
            ("AWS_SECRET_ACCESS_KEY", &secret),
            ("AWS_ALLOW_HTTP", "true"),
        ];
        assert_eq!(
            read(&store(&query(&variables, BucketSettings::default())), "a")
                .await
                .unwrap(),
            b"abc",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_profile_of_the_shared_files_has_keys_region_and_endpoint() {
    let fixture = fixture().await;
    let directory = TempDir::new().unwrap();
    let (config, credentials) = (directory.path().join("config"), directory.path().join("credentials"));
    let endpoint = fixture.endpoint();
    let text = format!(
        "[profile lake]\nregion = us-east-1\nservices = lake\n[services lake]\ns3 =\n  endpoint_url = {endpoint}\n\
         [profile flat]\nendpoint_url = {endpoint}\n"
    );
    fs::write(&config, text).unwrap();
    let (key, secret) = (fixture.access_key(), fixture.secret_key());
    let section = |name: &str| format!("[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
    fs::write(&credentials, section("lake") + &section("flat")).unwrap();
    let files = [
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    for profile in ["lake", "flat"] {
        let mut variables = files.to_vec();
        variables.push(("AWS_PROFILE", profile));
        let by_variable = query(&variables, BucketSettings::default());
        assert_eq!(read(&store(&by_variable), "a").await.unwrap(), b"abc", "{profile}");
        // A profile in the settings goes before keys in the environment.
        let mut variables = files.to_vec();
        variables.extend([("AWS_ACCESS_KEY_ID", "other"), ("AWS_SECRET_ACCESS_KEY", "other")]);
        let by_setting = query(
            &variables,
            BucketSettings {
                profile: Some(profile.to_owned()),
                ..BucketSettings::default()
            },
        );
        assert_eq!(read(&store(&by_setting), "a").await.unwrap(), b"abc", "{profile}");
    }
    let mut variables = files.to_vec();
    variables.extend([("AWS_PROFILE", "nobody"), ("AWS_ENDPOINT_URL", &endpoint)]);
    let absent = query(&variables, BucketSettings::default());
    assert_failed(read(&store(&absent), "a").await, ErrorCode::StorageDenied, &["nobody"]);
}

/// The document in which AWS's services give out temporary credentials.
fn document(fixture: &S3Fixture, minutes: i64) -> String {
    let expiry = (chrono::Utc::now() + chrono::Duration::minutes(minutes)).format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        r#"{{"Code":"Success","Type":"AWS-HMAC","LastUpdated":"2026-11-01T00:00:00Z","AccessKeyId":"{}","SecretAccessKey":"{}","Token":"a-session-token","Expiration":"{expiry}"}}"#,
        fixture.access_key(),
        fixture.secret_key()
    )
}

#[tokio::test]
async fn a_container_service_is_asked_once_for_many_requests() {
    let fixture = Arc::new(fixture().await);
    for (minutes, asked) in [(60, 1), (-1, 20)] {
        let document = document(&fixture, minutes);
        let server = WebServer::start(move |_| Answer::new("200 OK", document.clone())).await;
        let uri = format!("http://{}/credentials", server.address);
        let mut variables = address(&fixture);
        variables.push(("AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned(), uri));
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let query = query(&variables, BucketSettings::default());
        let store = store(&query);
        let reads = (0..20).map(|_| read(&store, "a"));
        for bytes in futures::future::join_all(reads).await {
            assert_eq!(bytes.unwrap(), b"abc");
        }
        assert_eq!(server.asked().len(), asked, "credentials of {minutes} minutes");
        // Requests for credentials are not the query's.
        assert_eq!(query.usage().requests.total(), 20);
    }
}

#[tokio::test]
async fn the_metadata_service_of_an_instance_gives_credentials() {
    let fixture = fixture().await;
    let document = document(&fixture, 60);
    let server = WebServer::start(move |asked| match asked.target.as_str() {
        "/latest/api/token" => Answer::new("200 OK", "token").with("x-aws-ec2-metadata-token-ttl-seconds", "21600"),
        path if path.ends_with("/role") => Answer::new("200 OK", document.clone()),
        path if path.contains("security-credentials") => Answer::new("200 OK", "role"),
        _ => Answer::new("404 Not Found", ""),
    })
    .await;
    let service = format!("http://{}", server.address);
    let mut variables = vec![
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "false"),
    ];
    variables.push(("AWS_REGION", "us-east-1"));
    assert_eq!(read_with(&fixture, &variables).await.unwrap(), b"abc");
    assert!(
        server
            .asked()
            .iter()
            .any(|asked| asked.headers.contains_key("x-aws-ec2-metadata-token"))
    );
}

#[tokio::test]
async fn a_web_identity_is_exchanged_for_credentials() {
    let fixture = fixture().await;
    let directory = TempDir::new().unwrap();
    let token = directory.path().join("token");
    fs::write(&token, "identity").unwrap();
    let expiry = (chrono::Utc::now() + chrono::Duration::hours(1)).format("%Y-%m-%dT%H:%M:%SZ");
    let answer = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleWithWebIdentityResult><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn>\
         <AssumedRoleId>id</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>{}</AccessKeyId>\
         <SecretAccessKey>{}</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{expiry}</Expiration></Credentials>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        fixture.access_key(),
        fixture.secret_key()
    );
    let server =
        WebServer::start(move |_| Answer::new("200 OK", answer.clone()).with("content-type", "text/xml")).await;
    let sts = format!("http://{}", server.address);
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
        ("AWS_ENDPOINT_URL_STS", &sts),
        ("AWS_REGION", "us-east-1"),
    ];
    assert_eq!(read_with(&fixture, &variables).await.unwrap(), b"abc");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_program_gives_credentials() {
    let fixture = fixture().await;
    let directory = TempDir::new().unwrap();
    let config = directory.path().join("config");
    let given = format!(
        r#"{{"Version":1,"AccessKeyId":"{}","SecretAccessKey":"{}"}}"#,
        fixture.access_key(),
        fixture.secret_key()
    );
    let document = directory.path().join("given.json");
    fs::write(&document, given).unwrap();
    fs::write(
        &config,
        format!("[default]\ncredential_process = cat {}\n", document.display()),
    )
    .unwrap();
    let variables = [
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ];
    assert_eq!(read_with(&fixture, &variables).await.unwrap(), b"abc");
}

#[tokio::test]
async fn where_no_credentials_are_found_the_message_says_where_they_were_looked_for() {
    let fixture = fixture().await;
    let nowhere = [
        ("AWS_CONFIG_FILE", "/nonexistent"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ];
    let words = [
        "AWS_ACCESS_KEY_ID",
        "profile \"default\"",
        "anonymous = true",
        "s3://data",
    ];
    assert_failed(read_with(&fixture, &nowhere).await, ErrorCode::StorageDenied, &words);
    assert_eq!(fixture.counters().requests(), 0);
}

#[tokio::test]
async fn a_public_bucket_is_read_without_credentials() {
    let fixture = fixture().await;
    let variables = address(&fixture);
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let anonymous = || BucketSettings {
        anonymous: true,
        ..BucketSettings::default()
    };
    assert_failed(
        read(&store(&query(&variables, anonymous())), "a").await,
        ErrorCode::StorageDenied,
        &["AccessDenied"],
    );
    fixture.allow_anonymous_reads("data");
    assert_eq!(
        read(&store(&query(&variables, anonymous())), "a").await.unwrap(),
        b"abc"
    );
}

#[tokio::test]
async fn an_unencrypted_endpoint_must_be_meant() {
    let fixture = fixture().await;
    let (key, secret, endpoint) = (fixture.access_key(), fixture.secret_key(), fixture.endpoint());
    let mut variables = vec![
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", &key),
        ("AWS_SECRET_ACCESS_KEY", &secret),
    ];
    let plain = |allow_http| BucketSettings {
        allow_http,
        ..BucketSettings::default()
    };
    let refused = query(&variables, plain(None));
    assert_failed(
        read(&store(&refused), "a").await,
        ErrorCode::InvalidSetting,
        &["AWS_ALLOW_HTTP=true", "allow_http = true"],
    );
    assert_eq!(
        read(&store(&query(&variables, plain(Some(true)))), "a").await.unwrap(),
        b"abc"
    );
    variables.push(("AWS_ALLOW_HTTP", "true"));
    let forbidden = query(&variables, plain(Some(false)));
    assert_failed(read(&store(&forbidden), "a").await, ErrorCode::InvalidSetting, &[]);
}

/// Credentials in two files, as a sidecar renews them.
struct Rotated {
    one: OneQuery,
    directory: TempDir,
}

impl Rotated {
    async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let (key, secret) = (directory.path().join("key"), directory.path().join("secret"));
        let bucket = BucketSettings {
            access_key_id_file: Some(key),
            secret_access_key_file: Some(secret),
            ..BucketSettings::default()
        };
        let settings = Settings {
            buckets: [("s3://data".to_owned(), bucket)].into(),
            ..settings()
        };
        let one = OneQuery::start_with(settings, &[]).await;
        one.fixture.put("data", "a", pattern(200_000));
        let rotated = Self { one, directory };
        rotated.write(&rotated.one.fixture.access_key(), &rotated.one.fixture.secret_key());
        rotated
    }

    fn write(&self, key: &str, secret: &str) {
        fs::write(self.directory.path().join("key"), format!("{key}\n")).unwrap();
        fs::write(self.directory.path().join("secret"), format!("{secret}\n")).unwrap();
    }

    /// Makes the server expire what it accepted, and the files hold what it accepts now.
    fn rotate(&self, key: &str) {
        let secret = format!("secret-of-{key}-0000000000000000000000");
        self.one.fixture.set_credentials(key, &secret);
        self.write(key, &secret);
    }
}

#[tokio::test]
async fn expired_credentials_are_renewed_once_for_every_kind_of_request() {
    let rotated = Rotated::start().await;
    let store = &rotated.one.store;
    assert_eq!(read(store, "a").await.unwrap().len(), 200_000);
    rotated.rotate("KEY00000000000000001");
    assert_eq!(read(store, "a").await.unwrap().len(), 200_000);
    rotated.rotate("KEY00000000000000002");
    assert_eq!(list(store, "").await.unwrap().len(), 1);
    rotated.rotate("KEY00000000000000003");
    store
        .put(&Path::from("b"), PutPayload::from_static(b"b"))
        .await
        .unwrap();
    rotated.rotate("KEY00000000000000004");
    let mut upload = store.put_multipart(&Path::from("c")).await.unwrap();
    rotated.rotate("KEY00000000000000005");
    upload.put_part(PutPayload::from_static(b"c")).await.unwrap();
    rotated.rotate("KEY00000000000000006");
    upload.complete().await.unwrap();
    rotated.rotate("KEY00000000000000007");
    store.delete(&Path::from("b")).await.unwrap();
    assert_eq!(rotated.one.usage().retries, 7);
    assert_same(&rotated.one.usage(), &rotated.one.fixture.counters());
}

#[tokio::test]
async fn credentials_that_expire_between_two_pages_or_in_the_middle_of_an_object_are_renewed() {
    let rotated = Arc::new(Rotated::start().await);
    let fixture = &rotated.one.fixture;
    for i in 0..6 {
        fixture.put("data", &format!("t/{i}"), b"x");
    }
    fixture.set_page_size(2);
    read(&rotated.one.store, "a").await.unwrap();

    let rotating = Arc::downgrade(&rotated);
    let number = AtomicUsize::new(0);
    let rotate = move || {
        let number = number.fetch_add(1, Ordering::Relaxed);
        rotating
            .upgrade()
            .unwrap()
            .rotate(&format!("KEY0000000000000001{number}"));
    };
    let rotate = Arc::new(rotate);
    let between_pages = Arc::clone(&rotate);
    fixture.on_applied(RequestRule::on(RequestKind::List).times(1), move |_| between_pages());
    assert_eq!(list(&rotated.one.store, "t").await.unwrap().len(), 6);

    fixture.inject(
        RequestRule::on(RequestKind::Get)
            .times(1)
            .fault(Fault::ResetMidBody { after_bytes: 50_000 }),
    );
    fixture.on_applied(RequestRule::on(RequestKind::Get).times(1), move |_| rotate());
    assert_eq!(read(&rotated.one.store, "a").await.unwrap(), pattern(200_000));
    assert_same(&rotated.one.usage(), &fixture.counters());
}

#[tokio::test]
async fn expired_credentials_without_newer_ones_are_an_error_at_once() {
    let one = OneQuery::start().await;
    one.fixture.put("data", "a", b"abc");
    read(&one.store, "a").await.unwrap();
    one.fixture
        .set_credentials("KEY00000000000000001", "another-secret-000000000000000000000000");
    let words = ["s3://data/a", "ExpiredToken", "have expired"];
    assert_failed(read(&one.store, "a").await, ErrorCode::StorageDenied, &words);
    assert_eq!(one.usage().requests.get, 2);
}

#[tokio::test]
async fn wrong_credentials_are_denied_and_never_shown() {
    let fixture = fixture().await;
    let (key, secret) = (fixture.access_key(), "a-secret-that-nobody-must-see");
    let variables = [
        ("AWS_ACCESS_KEY_ID", key.as_str()),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_SESSION_TOKEN", "a-token-nobody-sees"),
    ];
    let mut all = address(&fixture);
    all.extend(
        variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    let environment: owlet_engine::storage::Environment = all.into_iter().collect();
    let storage = opened(settings(), environment.clone()).unwrap();
    let query = storage.query(Access::Local);
    let store = store(&query);
    let mut shown = format!("{environment:?} {storage:?} {query:?} {store:?} {store}");
    let failures = [
        failure(read(&store, "a").await),
        failure(list(&store, "").await),
        failure(store.head(&Path::from("a")).await),
        failure(store.put(&Path::from("a"), PutPayload::from_static(b"x")).await),
        failure(store.put_multipart(&Path::from("a")).await),
        failure(store.delete(&Path::from("a")).await),
    ];
    for error in failures {
        assert_eq!(error.code(), ErrorCode::StorageDenied, "{error}");
        write!(shown, "{error} {error:?}").unwrap();
    }
    assert!(shown.contains("SignatureDoesNotMatch"), "{shown}");
    for word in [secret, "a-token-nobody-sees", "AWS4-HMAC", "Signature="] {
        assert!(!shown.contains(word), "\"{word}\" is in {shown}");
    }
}

/// object_store's own errors may be logged by others before we translate them.
#[tokio::test]
async fn the_errors_beneath_show_no_secret_either() {
    let fixture = fixture().await;
    let key = fixture.access_key();
    let variables = [
        ("AWS_ACCESS_KEY_ID", key.as_str()),
        ("AWS_SECRET_ACCESS_KEY", "hunter2-secret"),
    ];
    let cause = read_with(&fixture, &variables).await.unwrap_err();
    let shown = format!("{cause} {cause:?}");
    assert!(
        !shown.contains("hunter2-secret") && !shown.contains("Signature="),
        "{shown}"
    );
}

/// A bucket of another region: the server says which in a header and in its error document.
#[tokio::test]
async fn a_wrong_region_is_corrected_in_words() {
    let malformed =
        "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>eu-north-1</Region></Error>";
    let answers = [
        Answer::new("301 Moved Permanently", "").with("x-amz-bucket-region", "eu-north-1"),
        Answer::new("400 Bad Request", malformed),
    ];
    for answer in answers {
        let (status, headers, body) = (answer.status, answer.headers, answer.body);
        let server = WebServer::start(move |_| Answer {
            status,
            headers: headers.clone(),
            body: body.clone(),
        })
        .await;
        let endpoint = format!("http://{}", server.address);
        let variables = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        let query = query(&variables, BucketSettings::default());
        let words = ["region \"eu-north-1\"", "AWS_REGION"];
        assert_failed(read(&store(&query), "a").await, ErrorCode::StorageDenied, &words);
        assert_eq!(server.asked().len(), 1);
    }
}
