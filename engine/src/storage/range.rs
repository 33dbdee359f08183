//! Whether an answer is the answer to the range that was asked for (RFC 9110, §14).

use http::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use http::{HeaderMap, StatusCode, response};

use super::refusal::WrongAnswer;

/// How many bytes the body of a successful answer to a GET must have.
///
/// Fails if the answer is of other bytes than `request` (the headers of the request) asked for, or does not say of which.
pub(super) fn body_length(request: &HeaderMap, answer: &response::Parts) -> Result<u64, WrongAnswer> {
    let announced = text(&answer.headers, CONTENT_LENGTH).map(parse_length).transpose()?;
    let Some(range) = text(request, RANGE) else {
        return match answer.status {
            StatusCode::PARTIAL_CONTENT => Err(wrong("the server answered with a part of the object, unasked")),
            _ => announced.ok_or_else(|| wrong("the server does not say how long the object is")),
        };
    };
    let asked = Asked::parse(range).ok_or_else(|| wrong(format!("the range \"{range}\" was asked for")))?;
    if answer.status != StatusCode::PARTIAL_CONTENT {
        return Err(wrong("the server answered a range request with the whole object"));
    }
    let sent =
        text(&answer.headers, CONTENT_RANGE).ok_or_else(|| wrong("the server does not say which range it sent"))?;
    let length = asked
        .length_of(sent)
        .ok_or_else(|| wrong(format!("the server sent \"{sent}\" for \"{range}\"")))?;
    match announced {
        Some(announced) if announced != length => Err(wrong(format!(
            "the server announced {announced} bytes for the range \"{sent}\""
        ))),
        _ => Ok(length),
    }
}

/// What a `Range` header asks for: the bytes of an object from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Bounded { first: u64, last: u64 },
    From { first: u64 },
    Last { count: u64 },
}

impl Asked {
    fn parse(range: &str) -> Option<Self> {
        match range.strip_prefix("bytes=")?.split_once('-')? {
            ("", count) => Some(Self::Last {
                count: count.parse().ok()?,
            }),
            (first, "") => Some(Self::From {
                first: first.parse().ok()?,
            }),
            (first, last) => Some(Self::Bounded {
                first: first.parse().ok()?,
                last: last.parse().ok()?,
            }),
        }
    }

    /// The number of bytes in the `Content-Range` `sent`, if that is the range asked for in an object of the size it names.
    fn length_of(self, sent: &str) -> Option<u64> {
        let (range, size) = sent.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last, size): (u64, u64, u64) = (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
        let end = size.checked_sub(1)?;
        let expected = match self {
            Self::Bounded { first, last } => (first, last.min(end)),
            Self::From { first } => (first, end),
            Self::Last { count } => (size.saturating_sub(count), end),
        };
        (first <= last && (first, last) == expected).then(|| last - first + 1)
    }
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn parse_length(text: &str) -> Result<u64, WrongAnswer> {
    text.parse()
        .map_err(|_| wrong(format!("the server announced \"{text}\" bytes")))
}

fn wrong(message: impl Into<String>) -> WrongAnswer {
    WrongAnswer(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The length that the body of an answer must have, or `None` if the answer is to something else.
    fn check(range: &str, status: u16, content_range: &str, content_length: Option<u64>, expected: Option<u64>) {
        let mut request = HeaderMap::new();
        request.insert(RANGE, range.parse().unwrap());
        let mut answer = http::Response::builder().status(status);
        if !content_range.is_empty() {
            answer = answer.header(CONTENT_RANGE, content_range);
        }
        if let Some(length) = content_length {
            answer = answer.header(CONTENT_LENGTH, length);
        }
        let (answer, ()) = answer.body(()).unwrap().into_parts();
        let length = body_length(&request, &answer).ok();
        assert_eq!(
            length, expected,
            "{range} / {status} / {content_range} / {content_length:?}"
        );
    }

    #[test]
    fn a_part_is_accepted_only_for_the_range_asked_for() {
        check("bytes=0-9", 206, "bytes 0-9/100", Some(10), Some(10));
        check("bytes=0-9", 206, "bytes 0-9/100", None, Some(10));
        check("bytes=90-200", 206, "bytes 90-99/100", Some(10), Some(10));
        check("bytes=90-", 206, "bytes 90-99/100", Some(10), Some(10));
        check("bytes=-10", 206, "bytes 90-99/100", Some(10), Some(10));
        check("bytes=-1000", 206, "bytes 0-99/100", Some(100), Some(100));
    }

    #[test]
    fn a_shifted_short_or_long_part_is_refused() {
        check("bytes=0-9", 206, "bytes 1-10/100", Some(10), None);
        check("bytes=0-9", 206, "bytes 0-8/100", Some(9), None);
        check("bytes=0-9", 206, "bytes 0-10/100", Some(11), None);
        check("bytes=0-9", 206, "bytes 0-9/100", Some(11), None);
        check("bytes=90-", 206, "bytes 90-98/100", Some(9), None);
        check("bytes=-10", 206, "bytes 0-9/100", Some(10), None);
    }

    #[test]
    fn a_whole_object_or_a_mute_answer_is_refused() {
        check("bytes=0-9", 200, "", Some(10), None);
        check("bytes=0-9", 206, "", Some(10), None);
        check("bytes=0-9", 206, "bytes 0-9/*", Some(10), None);
        check("bytes=0-9", 206, "bytes */100", Some(10), None);
        check("bytes=0-9", 206, "0-9/100", Some(10), None);
        check("bytes=9-0", 206, "bytes 9-0/100", Some(10), None);
    }

    #[test]
    fn a_whole_object_has_the_announced_length_and_no_part_is_accepted_for_it() {
        let answer = |status: u16| {
            http::Response::builder()
                .status(status)
                .header(CONTENT_LENGTH, 7)
                .body(())
                .unwrap()
        };
        let request = HeaderMap::new();
        assert_eq!(body_length(&request, &answer(200).into_parts().0), Ok(7));
        assert!(body_length(&request, &answer(206).into_parts().0).is_err());
        let mute = http::Response::new(()).into_parts().0;
        assert!(body_length(&request, &mute).is_err());
    }
}
