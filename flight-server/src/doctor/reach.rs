//! What every driver needs: that somebody is there, speaks gRPC, lets one in, and knows Flight SQL.

use arrow_flight::sql::CommandStatementQuery;
use futures::FutureExt;
use tokio::net::TcpStream;
use tonic::Code;

use super::finding::{Notes, Rule};
use super::probe::Cookies;
use super::refusal::Refusal;
use super::rules;
use super::sequence::{Sequence, Visit, first};
use super::statements::query;

pub(super) const SEQUENCE: Sequence = Sequence {
    driver: "server",
    cookies: Cookies::Kept,
    steps: &[
        first("connect", |visit, notes| connect(visit, notes).boxed()),
        first("service", |visit, notes| service(visit, notes).boxed()),
    ],
};

const UNREACHABLE: Rule = Rule::must(
    "unreachable",
    "no driver connects",
    "what was seen",
    "check the host and the port, that the server is running, and what is between",
);
const NO_GRPC: Rule = Rule::must(
    "no-grpc",
    "drivers say UNAVAILABLE, or hang",
    "what was seen",
    "check that the port is that of a Flight SQL server without TLS: an HTTP server or one with TLS answers like this",
);
const NO_FLIGHT: Rule = Rule::must(
    "no-flight-sql",
    "drivers say UNIMPLEMENTED",
    "what was seen",
    "check that the port is that of a Flight SQL server: this one speaks gRPC and does not know Flight's GetFlightInfo of a query",
);
const WANTS_A_USER: Rule = Rule::must(
    "credentials",
    "drivers say UNAUTHENTICATED",
    "what was seen",
    "give the name with --user and the password in OWLET_PASSWORD",
);
const NO_BEARER: Rule = Rule::must(
    "handshake-bearer",
    "every driver with a user and a password fails to connect",
    "ArrowFlightSqlClientHandler, FlightClient::AuthenticateBasicToken",
    "answer a Handshake that has the header \"authorization: Basic\" with the header \"authorization: Bearer\"",
);
const QUERY: Rule = Rule::must(
    "query",
    "nothing can be queried",
    "what was seen",
    "give a statement that this server knows with --query, or mend CommandStatementQuery",
);

/// Whether somebody takes connections there.
async fn connect(visit: &mut Visit, notes: &mut Notes) {
    let (host, port) = visit.probe.address().lookup();
    let found = match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(found) => found,
        Err(error) => return notes.breaks(&UNREACHABLE, format!("the name \"{host}\" is unknown: {error}")),
    };
    let mut refusal = format!("the name \"{host}\" has no address");
    for address in found {
        let dialled = tokio::time::timeout(visit.terms.call_limit(), TcpStream::connect(address)).await;
        match dialled {
            Ok(Ok(_)) => return notes.saw(format!("{address} takes connections")),
            Ok(Err(error)) => refusal = format!("nothing listens at {address}: {error}"),
            Err(_) => refusal = format!("{address} does not answer"),
        }
    }
    notes.breaks(&UNREACHABLE, refusal);
}

/// Whether it is a Flight SQL server, by a query as the simplest client has it.
async fn service(visit: &mut Visit, notes: &mut Notes) {
    if !enter(visit, notes).await {
        return;
    }
    let sql = visit.terms.query.clone();
    match visit.probe.ask("GetFlightInfo of a query", &query(&sql)).await {
        Ok(answer) => {
            let (columns, rows) = (answer.schema.fields().len(), answer.row_count());
            notes.saw(format!("\"{sql}\" gives {rows} rows of {columns} columns"));
        }
        Err(refusal) => notes.breaks(kind(&refusal), refusal.to_string()),
    }
}

/// What a refusal of the first query says about the server.
fn kind(refusal: &Refusal) -> &'static Rule {
    match refusal.code {
        Code::Unauthenticated | Code::PermissionDenied => &WANTS_A_USER,
        // Servers that speak HTTP/2 and no gRPC answer with a status of HTTP.
        _ if refusal.mentions("HTTP status code") => &NO_GRPC,
        Code::Unimplemented => &NO_FLIGHT,
        _ if refusal.is_of_transport => &NO_GRPC,
        _ => &QUERY,
    }
}

/// Introduces the driver as its users have it, if the caller gave a user. Whether the sequence can go on.
pub(super) async fn enter(visit: &mut Visit, notes: &mut Notes) -> bool {
    let terms = std::sync::Arc::clone(&visit.terms);
    let Some((user, password)) = &terms.user else {
        return true;
    };
    match visit.probe.introduce(user, password).await {
        Ok(true) => notes.saw("the handshake gives a bearer"),
        Ok(false) => {
            notes.breaks(
                &NO_BEARER,
                "the answer to Handshake has no header \"authorization: Bearer\"",
            );
        }
        Err(refusal) if refusal.code == Code::Unauthenticated => notes.breaks(&WANTS_A_USER, refusal.to_string()),
        Err(refusal) if refusal.is_of_transport => notes.breaks(&NO_GRPC, refusal.to_string()),
        Err(refusal) => notes.breaks(&NO_BEARER, refusal.to_string()),
    }
    !notes.has_failed()
}

/// What most drivers do to connect: introduce themselves, if they have a user, and nothing else.
pub(super) async fn introduce(visit: &mut Visit, notes: &mut Notes) {
    if enter(visit, notes).await && visit.terms.user.is_none() {
        notes.saw("without a user the driver does not introduce itself");
    }
}

/// Runs the query of the terms as CommandStatementQuery.
pub(super) async fn plain_query(visit: &mut Visit, notes: &mut Notes, sql: &str, rule: &Rule) {
    let command = CommandStatementQuery {
        query: sql.to_owned(),
        transaction_id: None,
    };
    match visit.probe.ask("GetFlightInfo of a query", &command).await {
        Ok(answer) => {
            notes.breaks_all(&rules::LOCATION, rules::locations(&answer));
            notes.saw(format!("\"{sql}\" gives {} rows", answer.row_count()));
        }
        Err(refusal) => notes.breaks(rule, format!("\"{sql}\": {refusal}")),
    }
}
