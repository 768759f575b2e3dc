//! The log as it grows: a reader gets every row once and in order, also one whose connection ends in between.

use lockgate::{LogFilter, PipelineOptions};
use serde_json::{Value, json};

use super::world::World;

/// A connection on which the log is followed.
struct Reader {
    response: reqwest::Response,
    text: String,
}

impl Reader {
    async fn open(world: &World, after: Option<u64>) -> Self {
        let after = after.map_or_else(String::new, |number| format!("&after={number}"));
        let request = world.request("GET", &format!("/v1/logs?follow=true{after}"));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        Self { response, text: String::new() }
    }

    /// The next row; it waits for one.
    async fn row(&mut self) -> Value {
        loop {
            if let Some((line, rest)) = self.text.split_once('\n') {
                let row = (!line.is_empty()).then(|| serde_json::from_str(line).unwrap());
                self.text = rest.to_owned();
                match row {
                    Some(row) => return row,
                    None => continue,
                }
            }
            let chunk = self.response.chunk().await.unwrap().expect("the stream goes on");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The numbers of the rows up to this one.
    async fn numbers_to(&mut self, last: u64) -> Vec<u64> {
        let mut numbers = Vec::new();
        while numbers.last().is_none_or(|number| *number < last) {
            let row = self.row().await;
            numbers.push(row["number"].as_u64().unwrap_or_else(|| panic!("no row: {row}")));
        }
        numbers
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_comes_back_with_its_last_number_misses_no_row_and_sees_none_twice() {
    let world = World::refusing(3, &[2]).await;
    let first = world.tenant.last_log().unwrap();
    assert!(first >= 4, "only {first} rows");
    let mut reader = Reader::open(&world, Some(0)).await;
    let mut numbers = reader.numbers_to(2).await;
    drop(reader);

    // While nobody reads, the log grows.
    world.remote.offer(5);
    world.run("things").await;
    let second = world.tenant.last_log().unwrap();
    assert!(second > first);
    let mut reader = Reader::open(&world, numbers.last().copied()).await;
    numbers.extend(reader.numbers_to(second).await);

    // While somebody reads, too.
    world.remote.offer(6);
    world.run("things").await;
    let third = world.tenant.last_log().unwrap();
    assert!(third > second);
    numbers.extend(reader.numbers_to(third).await);
    assert_eq!(numbers, (1..=third).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_names_no_number_gets_what_is_written_from_then_on_and_the_same_rows_as_a_page_has() {
    let world = World::refusing(2, &[]).await;
    let before = world.tenant.last_log().unwrap();
    let mut reader = Reader::open(&world, None).await;
    world.remote.offer(3);
    let run = world.run("things").await;
    let last = world.tenant.last_log().unwrap();
    let mut rows = Vec::new();
    for _ in before..last {
        rows.push(reader.row().await);
    }
    assert_eq!(rows[0]["number"], before + 1);
    let page = world.ask("GET", &format!("/v1/logs?run={}", run.id), None).await;
    let mut listed = page.body["items"].as_array().unwrap().clone();
    listed.reverse();
    rows.retain(|row| row["run"] == run.id.as_str());
    assert!(!rows.is_empty());
    assert_eq!(rows, listed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_holds_for_who_follows_and_a_place_that_is_none_is_refused() {
    let world = World::refusing(3, &[2]).await;
    let path = "/v1/logs?record=r-2&settled=true";
    let listed = world.ask("GET", path, None).await.body["items"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 1, "{listed:?}");
    let response = world.request("GET", &format!("{path}&follow=true&after=0")).send().await.unwrap();
    let mut reader = Reader { response, text: String::new() };
    assert_eq!(reader.row().await, listed[0]);
    for after in ["x", "-1", "1.5", ""] {
        let answer = world.ask("GET", &format!("/v1/logs?follow=true&after={after}"), None).await;
        assert_eq!(answer.refusal(), (400, "invalid_query"), "{after}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_was_too_slow_is_told_how_many_rows_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::over(|builder| builder.data_dir(folder.path())).await.refuse(20, &[2, 4, 6]).await;
    let last = world.tenant.last_log().unwrap();
    // What is beyond the bound is removed at the start of the next process.
    let pipeline = PipelineOptions { log_entries_max: 5, ..World::pipeline() };
    let world = world.restarted(folder.path(), pipeline).await;
    let kept = |world: &World| world.tenant.logs(LogFilter::default(), 500).unwrap().items.len();
    world.until("the oldest rows to be removed", |world| kept(world) == 5).await;
    assert!(last > 8, "only {last} rows");
    let mut reader = Reader::open(&world, Some(2)).await;
    assert_eq!(reader.row().await, json!({ "missed": last - 5 - 2 }));
    assert_eq!(reader.numbers_to(last).await, (last - 4..=last).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_stands_still_holds_nothing_up_and_goes_on_where_it_was() {
    let world = World::refusing(1, &[]).await;
    let mut reader = Reader::open(&world, Some(0)).await;
    let mut numbers = reader.numbers_to(1).await;
    // More rows than are read for it at once, in runs that end although nobody takes the rows off its connection.
    for records in [40, 80, 120] {
        world.remote.offer(records);
        world.run("things").await;
    }
    let last = world.tenant.last_log().unwrap();
    assert!(last > 100, "only {last} rows");
    assert_eq!(world.ask("GET", "/v1/logs", None).await.status, 200);
    numbers.extend(reader.numbers_to(last).await);
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
}
