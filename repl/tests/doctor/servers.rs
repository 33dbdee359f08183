//! Servers that are not what they should be: ones that say what a test tells them to, one that speaks TLS, one that is silent.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Where the certificates of the tests are.
pub const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctor/certificates");

/// A server that answers every request with what `answer` makes of its first line. Gives its address.
pub fn says(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> SocketAddr {
    let answer = Arc::new(answer);
    listen(move |mut stream| {
        let head = read_head(&mut stream)?;
        let said = answer(String::from_utf8_lossy(&head).lines().next().unwrap_or_default());
        stream.write_all(said.as_bytes())
    })
}

/// An answer of a web server, whose connection ends with it.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}")
}

/// A server whose connections are accepted by the system and answered by nobody.
pub fn silent() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address where nothing listens.
pub fn nothing() -> SocketAddr {
    silent().1
}

/// A server that speaks TLS with the certificate `name`, and passes requests without body on to `target`.
pub fn tls(name: &str, target: SocketAddr) -> SocketAddr {
    let file = |name: &str| Path::new(CERTIFICATES).join(name);
    let certificate = CertificateDer::from_pem_file(file(name)).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    listen(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        let head = read_head(&mut stream)?;
        // The other side closes behind its answer, so that its end is known.
        let head = String::from_utf8_lossy(&head).replacen("\r\n", "\r\nConnection: close\r\n", 1);
        let mut other = TcpStream::connect(target)?;
        other.write_all(head.as_bytes())?;
        let mut said = Vec::new();
        other.read_to_end(&mut said)?;
        stream.write_all(&said)?;
        stream.conn.send_close_notify();
        stream.flush()
    })
}

/// Serves each connection on a thread of its own for as long as the test lives. A connection that breaks is the client's affair.
fn listen(serve: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    let (listener, address) = silent();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || drop(serve(stream)));
        }
    });
    address
}

/// A request as far as its empty line.
fn read_head(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}
