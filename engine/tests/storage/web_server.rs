//! A small web server for tests: a function from request to answer, on a free port, with a log of what was asked.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request, its header names in lower case.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub headers: HashMap<String, String>,
}

impl Asked {
    /// The first and last byte of the range that is asked for.
    pub fn range(&self) -> Option<(usize, usize)> {
        let (first, last) = self.headers.get("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?))
    }
}

/// An answer; its length is added.
pub struct Answer {
    pub status: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(status: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The object `bytes`, or the part of it that is asked for.
    pub fn object(asked: &Asked, bytes: &[u8]) -> Self {
        match asked.range() {
            None => Self::new("200 OK", bytes),
            Some((first, last)) => {
                let last = last.min(bytes.len() - 1);
                let range = format!("bytes {first}-{last}/{}", bytes.len());
                Self::new("206 Partial Content", &bytes[first..=last]).with("content-range", range)
            }
        }
    }
}

type Serve = dyn Fn(&Asked) -> Answer + Send + Sync;

pub struct WebServer {
    pub address: String,
    log: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl WebServer {
    pub async fn start(serve: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (serve, log): (Arc<Serve>, Arc<Mutex<Vec<Asked>>>) = (Arc::new(serve), Arc::default());
        let seen = Arc::clone(&log);
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(converse(connection, Arc::clone(&serve), Arc::clone(&seen)));
            }
        });
        Self { address, log, task }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers the requests of one connection until the client closes it.
async fn converse(connection: TcpStream, serve: Arc<Serve>, log: Arc<Mutex<Vec<Asked>>>) -> std::io::Result<()> {
    let mut connection = BufReader::new(connection);
    while let Some(asked) = read_head(&mut connection).await? {
        let length = asked
            .headers
            .get("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        connection.read_exact(&mut vec![0; length]).await?;
        log.lock().unwrap().push(asked.clone());
        let answer = serve(&asked);
        let mut head = format!(
            "HTTP/1.1 {}\r\ncontent-length: {}\r\n",
            answer.status,
            answer.body.len()
        );
        for (name, value) in &answer.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        connection.write_all(format!("{head}\r\n").as_bytes()).await?;
        if asked.method != "HEAD" {
            connection.write_all(&answer.body).await?;
        }
    }
    Ok(())
}

async fn read_head(connection: &mut BufReader<TcpStream>) -> std::io::Result<Option<Asked>> {
    let mut line = String::new();
    if connection.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    Ok(Some(Asked {
        method,
        target,
        headers,
    }))
}
