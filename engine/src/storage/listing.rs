//! Whether the answer to a listing is a page of one.
//!
//! `object_store` reads an answer of 200 leniently: a page of a login portal, an error document or a page without its end is
//! an empty or a last page to it, and files would be missing without a word.

use super::refusal::WrongAnswer;

/// The root elements of listings: of S3 and Google, of Azure, of WebDAV.
const ROOTS: [&str; 3] = ["ListBucketResult", "EnumerationResults", "multistatus"];

/// Checks `document`, the answer to a listing that was asked for with `query`.
pub(super) fn check(document: &[u8], query: &str) -> Result<(), WrongAnswer> {
    let text = String::from_utf8_lossy(document);
    let wrong = |why: &str| Err(WrongAnswer(format!("the server's answer to a listing {why}")));
    let Some(root) = root_of(&text) else {
        return wrong("is not XML; is the endpoint an object store?");
    };
    let name = root.rsplit(':').next().unwrap_or(root);
    if !ROOTS.contains(&name) {
        return wrong(&format!("is a \"{name}\""));
    }
    if !text.trim_end().ends_with(&format!("</{root}>")) {
        return wrong("has no end");
    }
    if name != "ListBucketResult" || element(&text, "IsTruncated") != Some("true") || !query.contains("list-type=2") {
        return Ok(());
    }
    match element(&text, "NextContinuationToken") {
        None | Some("") => wrong("says that there is more, but not where"),
        Some(token) if asked_for(query).as_deref() == Some(token) => wrong("goes on where it began"),
        Some(_) => Ok(()),
    }
}

/// The name of the first element, behind declarations and comments.
fn root_of(text: &str) -> Option<&str> {
    let rest = text.split('<').find(|part| part.starts_with(char::is_alphabetic))?;
    rest.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next()
}

fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(value, _)| value.trim())
}

fn asked_for(query: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(name, _)| name == "continuation-token")
        .map(|(_, token)| token.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rest: &str) -> String {
        format!("<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"x\"><Name>b</Name>{rest}</ListBucketResult>\n")
    }

    #[test]
    fn pages_of_listings_are_taken() {
        let more = page("<IsTruncated>true</IsTruncated><NextContinuationToken>t2</NextContinuationToken>");
        let dav = "<D:multistatus xmlns:D=\"DAV:\"></D:multistatus>".to_owned();
        for document in [page(""), page("<IsTruncated>false</IsTruncated>"), more, dav] {
            check(document.as_bytes(), "list-type=2&continuation-token=t1").unwrap();
        }
    }

    #[test]
    fn whatever_else_is_refused() {
        for document in [
            String::new(),
            "<html>login please</html>".to_owned(),
            "<Error><Code>InternalError</Code></Error>".to_owned(),
            page("").replace("</ListBucketResult>", ""),
            page("<IsTruncated>true</IsTruncated>"),
            page("<IsTruncated>true</IsTruncated><NextContinuationToken>t 1</NextContinuationToken>"),
        ] {
            assert!(
                check(document.as_bytes(), "list-type=2&continuation-token=t+1").is_err(),
                "{document}"
            );
        }
    }
}
