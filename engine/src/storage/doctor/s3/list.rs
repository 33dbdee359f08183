//! Whether what lies at the location can be listed, page by page.

use futures::FutureExt;

use super::page::{Found, Page};
use super::road::{Asked, ask, directory, listing, prefix};
use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::exchange::Answer;
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::site::Site;
use crate::storage::listing::check;

pub(super) const CHECK: Check = Check {
    step: "list",
    run: |site| list(site).boxed(),
    // What is not there cannot be read, but may be written.
    on_failure: OnFailure::GoOn,
    if_silent: "a listing takes too long: try a longer --timeout, or look at the store's own log",
};

/// How many names of neighbours are shown.
const SHOWN_NEIGHBOURS: usize = 8;

async fn list(site: &mut Site) -> Verdict {
    let listing = listing(site).await;
    let Ok(answer) = &*listing else {
        return Verdict::skipped("the store does not answer");
    };
    let mut page = match page_of(answer) {
        Ok(page) => page,
        Err(verdict) => return verdict,
    };
    if page.objects.is_empty() && !site.location.is_directory() && !site.location.is_glob() {
        page.objects.extend(itself(site).await);
    }
    if page.objects.is_empty() {
        return nothing(site).await;
    }
    let (count, has_more) = (page.objects.len(), page.next.is_some());
    let seen = format!(
        "{}{count} object{} under \"{}\"",
        if has_more { "more than " } else { "" },
        if count == 1 { "" } else { "s" },
        site.location
    );
    let tags = if page.objects.iter().all(|object| object.has_etag) {
        "each with its ETag"
    } else {
        "without ETags: versions are told apart by size and time until an object is read"
    };
    if let Some(road) = &mut site.road {
        road.object = to_read(&page.objects).cloned();
    }
    if count < 2 {
        return Verdict::passed(seen).with([tags.to_owned()]);
    }
    match pages(site, &page).await {
        Ok(()) => Verdict::passed(seen).with([tags.to_owned(), "pages follow each other".to_owned()]),
        Err(why) => Verdict::failed(
            format!("the pages of a listing do not follow each other: {why}"),
            "the store does not do continuation tokens of ListObjectsV2: use a newer version of it; files would be missing",
        ),
    }
}

fn page_of(answer: &Answer) -> Result<Page, Verdict> {
    if !answer.status.is_success() {
        let seen = format!("the store refuses to list: {}", answer.refusal());
        return Err(Verdict::failed(seen, "look at the store's own log"));
    }
    if let Err(wrong) = check(&answer.body, "list-type=2") {
        return Err(Verdict::failed(
            wrong.to_string(),
            "check that nothing between answers for the store, such as a proxy or a login page",
        ));
    }
    Ok(Page::read(&answer.text()))
}

/// The object that the location names, where it names one and no directory.
async fn itself(site: &Site) -> Option<Found> {
    let path = site.location.path().to_string();
    let query = [("list-type", "2"), ("max-keys", "1"), ("prefix", path.as_str())];
    let asked = Asked {
        query: &query,
        ..Asked::get("")
    };
    let answer = ask(site, asked).await.ok()?;
    let mut page = page_of(&answer).ok()?;
    page.objects.retain(|object| object.key == path);
    page.objects.pop()
}

/// The first object that a query would read and that has bytes; else the first that has bytes.
fn to_read(objects: &[Found]) -> Option<&Found> {
    let has_bytes = |object: &&Found| object.size > 0 && !object.key.ends_with('/');
    let is_read = |object: &&Found| {
        let name = object.key.rsplit('/').next().unwrap_or_default();
        has_bytes(object) && !name.starts_with(['_', '.'])
    };
    objects.iter().find(is_read).or_else(|| objects.iter().find(has_bytes))
}

/// Nothing lies there: what does lie beside it?
async fn nothing(site: &Site) -> Verdict {
    let seen = format!("nothing lies under \"{}\"", site.location);
    let advice = "check the spelling, upper and lower case included; a query there finds no files";
    let own = directory(&site.location);
    let parent = own
        .strip_suffix('/')
        .and_then(|own| own.rsplit_once('/'))
        .map_or_else(String::new, |(parent, _)| format!("{parent}/"));
    let query = [
        ("delimiter", "/"),
        ("list-type", "2"),
        ("max-keys", "20"),
        ("prefix", parent.as_str()),
    ];
    let asked = Asked {
        query: &query,
        ..Asked::get("")
    };
    let page = ask(site, asked).await.ok().and_then(|answer| page_of(&answer).ok());
    let Some(page) = page else {
        return Verdict::warning(seen, advice);
    };
    let neighbours = page
        .directories
        .into_iter()
        .chain(page.objects.into_iter().map(|object| object.key));
    let neighbours: Vec<_> = neighbours.take(SHOWN_NEIGHBOURS).collect();
    if neighbours.is_empty() {
        return Verdict::warning(seen, advice);
    }
    Verdict::warning(seen, advice).with([format!("beside it: {}", neighbours.join(", "))])
}

/// Asks for one name a page: the second page must go on where the first stopped.
async fn pages(site: &Site, whole: &Page) -> Result<(), String> {
    let prefix = prefix(&site.location);
    let first = one_name(site, &prefix, None).await?;
    let token = first.next.ok_or("a page of one name says that it is the last")?;
    let second = one_name(site, &prefix, Some(&token)).await?;
    let key = |page: &Page, at: usize| page.objects.get(at).map(|object| object.key.clone());
    if key(&second, 0).is_some() && key(&second, 0) == key(whole, 1) {
        return Ok(());
    }
    match key(&second, 0) {
        Some(key) => Err(format!("the second page begins with \"{key}\"")),
        None => Err("the second page is empty".to_owned()),
    }
}

async fn one_name(site: &Site, prefix: &str, token: Option<&str>) -> Result<Page, String> {
    let mut query = vec![("list-type", "2"), ("max-keys", "1"), ("prefix", prefix)];
    // A signature is over the pairs in the order of their names.
    query.extend(token.map(|token| ("continuation-token", token)));
    query.sort_unstable();
    let asked = Asked {
        query: &query,
        ..Asked::get("")
    };
    let answer = ask(site, asked).await.map_err(|unanswered| unanswered.words())?;
    page_of(&answer).map_err(|verdict| verdict.seen)
}
