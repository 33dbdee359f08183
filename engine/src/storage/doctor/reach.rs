//! Whether the server is there at all: its name, its port, and the encryption of its connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use http::Method;
use object_store::client::HttpRequestBody;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::check::{Check, OnFailure};
use super::exchange::{Answer, Unanswered, request, send};
use super::finding::Verdict;
use super::site::{Service, Site};

/// What to do about a connection that is neither accepted nor refused.
const BEHIND_A_FIREWALL: &str = "nothing refuses the connection and nothing accepts it, as behind a firewall: check host and \
                                 port of the endpoint, the network (VPN, security group), and HTTPS_PROXY if there is a proxy";

/// The name resolves, and the port accepts connections.
pub(super) const ADDRESS: Check = Check {
    step: "address",
    run: |site| address(site).boxed(),
    on_failure: OnFailure::Stop,
    if_silent: BEHIND_A_FIREWALL,
};

/// The connection is encrypted, by a certificate that this machine trusts.
pub(super) const TLS: Check = Check {
    step: "tls",
    run: |site| tls(site).boxed(),
    on_failure: OnFailure::Stop,
    if_silent: "the server accepts connections and then says nothing: check that the port is that of the service",
};

async fn address(site: &mut Site) -> Verdict {
    let Some(service) = site.service.clone() else {
        return Verdict::skipped("no address is known");
    };
    let (host, port) = service.host_and_port();
    let found = match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(found) => found.collect(),
        Err(cause) => {
            let seen = format!("the name \"{host}\" is not known: {cause}");
            return unreached(site, &service, seen, advice_to_check(&service));
        }
    };
    let refusals = match connect(found, site.terms.step_limit).await {
        Ok((address, time)) => {
            let seen = format!("{address} accepts connections ({:.1} ms)", time.as_secs_f64() * 1000.0);
            return Verdict::passed(seen);
        }
        Err(refusals) => refusals,
    };
    let is_silent = |(_, cause): &(SocketAddr, io::Error)| cause.kind() == io::ErrorKind::TimedOut;
    let advice = if refusals.iter().all(is_silent) {
        BEHIND_A_FIREWALL.to_owned()
    } else {
        advice_to_check(&service)
    };
    let mut said = refusals.iter().map(|refusal| match refusal {
        (address, _) if is_silent(refusal) => format!("{address} does not answer"),
        (address, cause) => format!("nothing listens at {address}: {cause}"),
    });
    let seen = said
        .next()
        .unwrap_or_else(|| format!("the name \"{host}\" has no address"));
    unreached(site, &service, seen, advice).with(said)
}

fn advice_to_check(service: &Service) -> String {
    format!(
        "check that \"{}\" ({}) is right and that the service is running",
        service.shown(),
        service.told_by
    )
}

/// Nobody is there to connect to, which is well if requests go to a proxy instead.
fn unreached(site: &Site, service: &Service, seen: String, advice: String) -> Verdict {
    let Some(variable) = proxy(site, service) else {
        return Verdict::failed(seen, advice);
    };
    let (host, _) = service.host_and_port();
    let advice = format!("if \"{host}\" should not go through the proxy, name it in NO_PROXY");
    let seen = format!("{seen}; requests may go through the proxy that {variable} names");
    Verdict::warning(seen, advice)
}

/// The first of `addresses` that accepts a connection, and how long that took; else what each of them said.
async fn connect(
    addresses: Vec<SocketAddr>,
    limit: Duration,
) -> Result<(SocketAddr, Duration), Vec<(SocketAddr, io::Error)>> {
    let mut refusals = Vec::new();
    // A name with several addresses gets an answer of each within the limit of the step.
    let each = limit / u32::try_from(addresses.len() + 1).unwrap_or(u32::MAX);
    for address in addresses {
        let begun = Instant::now();
        match tokio::time::timeout(each, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok((address, begun.elapsed())),
            Ok(Err(cause)) => refusals.push((address, cause)),
            Err(_) => refusals.push((address, io::ErrorKind::TimedOut.into())),
        }
    }
    Err(refusals)
}

/// The variable that names a proxy for `service`, which exceptions may except.
fn proxy(site: &Site, service: &Service) -> Option<&'static str> {
    let names: &[&str] = if service.is_encrypted() {
        &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    } else {
        &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
    };
    site.network.environment.first_of(names)?;
    Some(names[1])
}

async fn tls(site: &mut Site) -> Verdict {
    let Some(service) = site.service.clone() else {
        return Verdict::skipped("no address is known");
    };
    if !service.is_encrypted() {
        return unencrypted(&service);
    }
    let words = match greet(site).await {
        Ok(_) => return Verdict::passed("the certificate is valid and of an authority that this machine knows"),
        Err(unanswered) => unanswered.words(),
    };
    if let Some(verdict) = judge_certificate(&words, &service) {
        return verdict;
    }
    let plain = service.under_other_scheme();
    if hello(site, &plain).await.is_ok() {
        let advice = format!(
            "write http:// instead of https://: set {} to \"{}\"{}",
            service.told_by,
            plain.shown(),
            service.for_plain_http
        );
        return Verdict::failed("the endpoint answers http, not https", advice);
    }
    let advice = "check that the port is that of the service, and which versions of TLS the server allows (1.2 or 1.3)";
    Verdict::failed(format!("no encrypted connection: {words}"), advice)
}

fn unencrypted(service: &Service) -> Verdict {
    let (host, _) = service.host_and_port();
    let is_here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    if is_here {
        return Verdict::skipped("plain http, to this machine itself");
    }
    let advice = "use https://, unless the network between is yours alone";
    Verdict::warning(
        "plain http: everyone on the way can read the data, though not the keys",
        advice,
    )
}

/// What is wrong with a certificate, by the words of the TLS library.
fn judge_certificate(words: &str, service: &Service) -> Option<Verdict> {
    let why = words.split_once("invalid peer certificate: ")?.1;
    let (host, _) = service.host_and_port();
    let (seen, advice) = if why.contains("UnknownIssuer") {
        (
            "the certificate is signed by an authority that this machine does not know".to_owned(),
            "if the authority is your own, set AWS_CA_BUNDLE, or `ca_bundle_file` under [storage], to a PEM file with its \
             certificate; if not, somebody may stand in between"
                .to_owned(),
        )
    } else if why.contains("not valid yet") || why.contains("NotValidYet") {
        (
            "the certificate is not valid yet".to_owned(),
            "check the clock of this machine".to_owned(),
        )
    } else if why.contains("expired") || why.contains("Expired") {
        (
            "the certificate has expired".to_owned(),
            "renew the certificate of the server, and check the clock of this machine".to_owned(),
        )
    } else if why.contains("not valid for name") || why.contains("NotValidForName") {
        let names = why.split_once("is only valid for ").map(|(_, names)| names);
        let names = names.map(|names| names.replace("DnsName(", "").replace(')', ""));
        (
            format!(
                "the certificate is not for \"{host}\"{}",
                names.map(|names| format!(", but for {names}")).unwrap_or_default()
            ),
            format!(
                "use a name that the certificate has in {}, or give the server one for \"{host}\"",
                service.told_by
            ),
        )
    } else {
        (
            format!("the certificate is not valid: {why}"),
            "give the server a certificate for servers, signed by an authority".to_owned(),
        )
    };
    Some(Verdict::failed(seen, advice))
}

/// What the service says to somebody without credentials. Asked once.
pub(super) async fn greet(site: &mut Site) -> Result<Arc<Answer>, Unanswered> {
    if let Some(greeting) = &site.greeting {
        return Ok(Arc::clone(greeting));
    }
    let Some(service) = &site.service else {
        return Err(Unanswered::Broken("no address is known".to_owned()));
    };
    let greeting = Arc::new(hello(site, service).await?);
    site.greeting = Some(Arc::clone(&greeting));
    Ok(greeting)
}

/// Asks `service` without credentials. A few bytes are enough, where it is a file that is asked for.
pub(super) async fn hello(site: &Site, service: &Service) -> Result<Answer, Unanswered> {
    let mut request = request(Method::GET, service.hello.as_str(), HttpRequestBody::empty())?;
    let range = http::HeaderValue::from_static("bytes=0-15");
    if site.road.is_none() {
        request.headers_mut().insert(http::header::RANGE, range);
    }
    send(site, request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part of what is seen and of the advice for the words of the TLS library.
    fn check(words: &str, seen: &str, advice: &str) {
        let root = url::Url::parse("https://store.example:9000").unwrap();
        let service = Service {
            hello: root.clone(),
            root,
            told_by: "the variable AWS_ENDPOINT_URL".to_owned(),
            for_plain_http: String::new(),
        };
        let verdict = judge_certificate(words, &service).unwrap();
        assert!(verdict.seen.contains(seen), "{}", verdict.seen);
        let given = verdict.advice.unwrap();
        assert!(given.contains(advice), "{given}");
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_said() {
        check("invalid peer certificate: UnknownIssuer", "authority", "AWS_CA_BUNDLE");
        check(
            "invalid peer certificate: certificate not valid yet: verification time 1",
            "not valid yet",
            "clock",
        );
        check(
            "invalid peer certificate: certificate expired: verification time 2",
            "expired",
            "renew",
        );
        check(
            "invalid peer certificate: certificate not valid for name \"a\"; certificate is only valid for DnsName(\"b\")",
            "not for \"store.example\", but for",
            "the variable AWS_ENDPOINT_URL",
        );
        check(
            "invalid peer certificate: CaUsedAsEndEntity",
            "CaUsedAsEndEntity",
            "certificate for servers",
        );
    }
}
