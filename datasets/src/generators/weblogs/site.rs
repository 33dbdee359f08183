//! Who visits the shop, and what there is to see.

use std::fmt::Write;

use crate::generators::random::{Skew, scatter, weighted, within};

/// The shop with its visitors. The same for all files of a set.
pub(super) struct Site {
    seed: u64,
    visitors: usize,
    pub(super) visitor_ranks: Skew,
    pub(super) pages: Vec<Page>,
    pub(super) page_ranks: Skew,
}

/// Something with a path.
pub(super) struct Page {
    pub(super) kind: Kind,
    pub(super) path: String,
    /// Of an answer in full, about.
    pub(super) bytes: u64,
}

/// What behaves alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// HTML that is made for each request.
    Document,
    /// A file that browsers keep.
    Asset,
    /// What scripts ask for.
    Api,
    /// The form with the password.
    Login,
    /// What is not there, and asked for by those who look for holes.
    Probe,
}

/// The pages that are asked for most, first things first.
const FRONT: &[(Kind, &str, u64)] = &[
    (Kind::Document, "/", 18_400),
    (Kind::Asset, "/static/app.4f2a91.js", 214_312),
    (Kind::Asset, "/static/style.b81c07.css", 38_870),
    (Kind::Api, "/api/v1/session", 412),
    (Kind::Asset, "/static/logo.svg", 5_210),
    (Kind::Document, "/products", 31_900),
    (Kind::Api, "/api/v1/cart", 1_180),
    (Kind::Document, "/search", 22_700),
    (Kind::Asset, "/favicon.ico", 4_286),
    (Kind::Api, "/api/v1/recommendations", 6_940),
    (Kind::Login, "/login", 7_350),
    (Kind::Document, "/cart", 12_480),
    (Kind::Api, "/api/v1/events", 64),
    (Kind::Document, "/checkout", 16_220),
    (Kind::Document, "/robots.txt", 312),
    (Kind::Document, "/about", 9_640),
    (Kind::Document, "/sitemap.xml", 48_211),
];
const PROBES: &[&str] = &[
    "/wp-login.php",
    "/.env",
    "/phpmyadmin/index.php",
    "/.git/config",
    "/admin/config.php",
];
const COLOURS: &[&str] = &["red", "blue", "green", "black", "white", "amber", "grey", "ivory"];
const GOODS: &[&str] = &[
    "lamp", "kettle", "chair", "desk", "shelf", "rug", "clock", "vase", "mirror", "blanket",
];
const TOPICS: &[&str] = &["care", "history", "design", "repair", "gifts", "wood", "glass", "wool"];
const PRODUCTS: u64 = 320;
const POSTS: u64 = 40;

/// How many requests a visitor makes, on the average.
const REQUESTS_PER_VISITOR: u64 = 18;
const MOST_VISITORS: u64 = 200_000;

/// What visitors come with, and how often.
const AGENTS: &[(u64, &str)] = &[
    (
        300,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    ),
    (
        210,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    ),
    (
        160,
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
    ),
    (
        110,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
    ),
    (
        60,
        "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    ),
    (
        50,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    ),
    (
        30,
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
    (
        20,
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ),
    (12, "curl/8.11.0"),
    (12, "python-requests/2.32.3"),
    (6, "Go-http-client/2.0"),
];

impl Site {
    /// The shop of a set of `rows` requests.
    pub(super) fn new(seed: u64, rows: u64) -> Self {
        let visitors = usize::try_from((rows / REQUESTS_PER_VISITOR).clamp(50, MOST_VISITORS)).unwrap_or(50);
        let pages = pages(seed);
        Self {
            seed,
            visitors,
            visitor_ranks: Skew::over(visitors),
            page_ranks: Skew::over(pages.len()),
            pages,
        }
    }

    /// What decides every random choice.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The user agent that a visitor has for good.
    pub(super) fn agent(&self, visitor: usize) -> &'static str {
        let total = AGENTS.iter().map(|(weight, _)| weight).sum();
        let place = within(scatter(self.seed ^ 0xa6e7, visitor as u64), total);
        weighted(place, AGENTS).copied().unwrap_or_default()
    }

    /// Writes the address that a visitor has for good: an IPv6 address for every fifth. No two visitors are told apart by it
    /// alone, as behind a provider's shared address.
    pub(super) fn write_address(&self, visitor: usize, to: &mut String) {
        let word = scatter(self.seed ^ 0x1b4d, (visitor % self.visitors) as u64);
        let [first, second, third, fourth, version, fifth, sixth, _] = word.to_be_bytes();
        // A `String` takes everything, so that there is no failure to look at.
        to.clear();
        if version < 51 {
            let group = |high, low| u16::from_be_bytes([high, low]);
            let (net, site, host) = (group(first, second), group(third, fourth), group(fifth, sixth));
            let _ = write!(to, "2a02:{net:x}:{site:x}::{host:x}");
        } else {
            let _ = write!(to, "{}.{second}.{third}.{fourth}", public_network(first));
        }
    }
}

/// A first octet of addresses of the internet, close to `octet`: not of private networks, loopback or multicast.
fn public_network(octet: u8) -> u8 {
    match octet {
        0 | 10 | 100 | 127 | 169 | 172 | 192 | 198 | 203 => octet + 1,
        224.. => octet - 200,
        _ => octet,
    }
}

/// All pages, those first that are asked for most.
fn pages(seed: u64) -> Vec<Page> {
    let mut pages: Vec<Page> = FRONT
        .iter()
        .map(|(kind, path, bytes)| Page {
            kind: *kind,
            path: (*path).to_owned(),
            bytes: *bytes,
        })
        .collect();
    for number in 0..PRODUCTS {
        let word = scatter(seed ^ 0x90d5, number);
        let (colour, good) = (pick(COLOURS, word), pick(GOODS, word.rotate_left(24)));
        let id = 1_000 + number;
        pages.push(Page {
            kind: Kind::Document,
            path: format!("/products/{colour}-{good}-{id}"),
            bytes: 14_000 + within(word.rotate_left(32), 18_000),
        });
        pages.push(Page {
            kind: Kind::Asset,
            path: format!("/static/img/{id}.webp"),
            bytes: 22_000 + within(word.rotate_left(40), 160_000),
        });
        if let Some(probe) = usize::try_from(number / 40).ok().and_then(|place| PROBES.get(place))
            && number % 40 == 0
        {
            pages.push(Page {
                kind: Kind::Probe,
                path: (*probe).to_owned(),
                bytes: 1_420,
            });
        }
    }
    pages.extend((0..POSTS).map(|number| {
        let word = scatter(seed ^ 0xb109, number);
        Page {
            kind: Kind::Document,
            path: format!(
                "/blog/{}-{}-{number}",
                pick(GOODS, word),
                pick(TOPICS, word.rotate_left(24))
            ),
            bytes: 8_000 + within(word.rotate_left(32), 30_000),
        }
    }));
    pages
}

fn pick<'a>(words: &[&'a str], word: u64) -> &'a str {
    let place = usize::try_from(within(word, words.len() as u64)).unwrap_or_default();
    words.get(place).copied().unwrap_or_default()
}
