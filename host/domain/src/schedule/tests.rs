//! Times of crons and intervals: zones, clocks that are turned, what was missed, and how starts are spread.

use super::*;

fn at(text: &str) -> Timestamp {
    text.to_owned().try_into().unwrap()
}

fn cron(cron: &str, zone: &str) -> Schedule {
    Schedule::Cron(Cron { cron: cron.to_owned(), zone: zone.to_owned(), catch_up: CatchUp::Once })
}

fn times(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
    schedule.upcoming(None, at(from), count).iter().map(ToString::to_string).collect()
}

fn with(schedule: Schedule, catch_up: CatchUp) -> Schedule {
    match schedule {
        Schedule::Every(every) => Schedule::Every(Every { catch_up, ..every }),
        Schedule::Cron(cron) => Schedule::Cron(Cron { catch_up, ..cron }),
    }
}

fn every(every_ms: u64) -> Schedule {
    Schedule::Every(Every { every_ms, catch_up: CatchUp::Once })
}

#[test]
fn a_row_of_before_there_were_crons_is_still_read() {
    let read: Schedule = serde_json::from_str(r#"{"every_ms":5000}"#).unwrap();
    assert_eq!(read, every(5_000));
    for bad in [r#"{"every_ms":5000,"cron":"* * * * *"}"#, r#"{"cron":"* * * * *"}"#, "{}"] {
        assert!(serde_json::from_str::<Schedule>(bad).is_err(), "{bad}");
    }
    let schedule = with(cron("0 6 * * 1-5", "Europe/Berlin"), CatchUp::All);
    let text = serde_json::to_string(&schedule).unwrap();
    assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
}

#[test]
fn a_cron_follows_its_zone_and_its_days() {
    // 2026-11-20 is a Friday.
    assert_eq!(
        times(&cron("0 6 * * 1-5", "Europe/Berlin"), "2026-11-20T05:00:00.000Z", 3),
        ["2026-11-23T05:00:00.000Z", "2026-11-24T05:00:00.000Z", "2026-11-25T05:00:00.000Z"]
    );
    assert_eq!(
        times(&cron("30 23 L * *", "America/New_York"), "2028-02-10T00:00:00.000Z", 1),
        ["2028-03-01T04:30:00.000Z"]
    );
}

#[test]
fn a_fixed_hour_that_a_spring_night_skips_comes_once_and_later() {
    // In Berlin the clocks went from 02:00 to 03:00 on 2026-03-29 at 01:00Z.
    assert_eq!(
        times(&cron("30 2 * * *", "Europe/Berlin"), "2026-03-28T02:00:00.000Z", 2),
        ["2026-03-29T01:30:00.000Z", "2026-03-30T00:30:00.000Z"],
        "02:30 does not exist; it is 03:30 by the clock, an hour later than it would have been"
    );
}

#[test]
fn a_fixed_hour_that_an_autumn_night_has_twice_comes_once() {
    // In Berlin the clocks went from 03:00 back to 02:00 on 2026-10-25 at 01:00Z.
    let nightly = cron("30 2 * * *", "Europe/Berlin");
    assert_eq!(
        times(&nightly, "2026-10-24T12:00:00.000Z", 2),
        ["2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"]
    );
    // Also for somebody who asks between the two.
    assert_eq!(times(&nightly, "2026-10-25T01:10:00.000Z", 1), ["2026-10-26T01:30:00.000Z"]);
}

#[test]
fn every_so_many_minutes_goes_on_evenly_through_both_nights() {
    let quarter = cron("*/30 * * * *", "Europe/Berlin");
    assert_eq!(
        times(&quarter, "2026-10-25T00:20:00.000Z", 4),
        [
            "2026-10-25T00:30:00.000Z",
            "2026-10-25T01:00:00.000Z",
            "2026-10-25T01:30:00.000Z",
            "2026-10-25T02:00:00.000Z"
        ]
    );
    assert_eq!(
        times(&quarter, "2026-03-29T00:20:00.000Z", 3),
        ["2026-03-29T00:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-29T01:30:00.000Z"]
    );
}

#[test]
fn what_is_no_cron_is_refused_with_what_is_wrong() {
    let now = at("2026-11-22T08:00:00.000Z");
    for (text, zone, part) in [
        ("0 6 * *", "UTC", "five fields"),
        ("0 6 * * * *", "UTC", "five fields"),
        ("0 25 * * *", "UTC", "no cron expression"),
        ("0 6 * * *", "Europe/Berlinn", "no time zone"),
        ("0 6 * * *", "", "no time zone"),
        ("0 6 31 2 *", "UTC", "never comes"),
        (&"0,".repeat(200), "UTC", "five fields"),
    ] {
        let refused = cron(text, zone).judge(now).unwrap_err();
        assert!(refused.to_string().contains(part), "{text} {zone}: {refused}");
    }
    assert_eq!(cron("0 6 * * MON-FRI", "Asia/Kathmandu").judge(now), Ok(()));
}

#[test]
fn an_interval_counts_from_start_to_start_and_goes_back_to_its_own_place_after_it_was_missed() {
    let now = at("2026-11-22T08:00:00.000Z");
    let minute = every(60_000);
    assert_eq!(minute.first(now, Spread(7)), Some(now));
    assert_eq!(
        minute.come(now, now.plus_ms(300), Spread(7)),
        Due { run: true, next: Some(now.plus_ms(60_300)) }
    );
    let due = minute.come(now, now.plus_ms(600_000), Spread(7_000));
    assert_eq!(due, Due { run: true, next: Some(now.plus_ms(607_000)) });
    assert_eq!(minute.after_other_run(None, now), Some(now.plus_ms(60_000)));
}

#[test]
fn what_was_missed_is_made_up_for_once_or_not_at_all_or_each() {
    let due_at = at("2026-11-22T06:00:00.000Z");
    let now = at("2026-11-22T09:30:00.000Z");
    let hourly = cron("0 * * * *", "UTC");
    let next = |text| Some(at(text));
    let come = |catch_up| with(hourly.clone(), catch_up).come(due_at, now, Spread(0));
    assert_eq!(come(CatchUp::Once), Due { run: true, next: next("2026-11-22T10:00:00.000Z") });
    assert_eq!(come(CatchUp::None), Due { run: false, next: next("2026-11-22T10:00:00.000Z") });
    assert_eq!(come(CatchUp::All), Due { run: true, next: next("2026-11-22T07:00:00.000Z") });
    let late = with(hourly.clone(), CatchUp::None).come(due_at, due_at.plus_ms(59_999), Spread(0));
    assert!(late.run, "a little late is not missed");
    // Of a week, the last day.
    let week = with(hourly, CatchUp::All).come(due_at, due_at.plus_ms(7 * 86_400_000), Spread(0));
    assert_eq!(week.next, next("2026-11-28T07:00:00.000Z"));
}

#[test]
fn flows_of_one_time_are_spread_over_half_a_minute_each_at_its_own_place() {
    let now = at("2026-11-22T08:00:00.000Z");
    let nightly = cron("0 6 * * *", "UTC");
    let tenant: TenantId = "acme".parse().unwrap();
    let spread_of = |n: u32| Spread::of(&tenant, &format!("flow-{n}").parse().unwrap());
    let firsts: Vec<u64> = (0..1_000)
        .map(|n| nightly.first(now, spread_of(n)).unwrap().ms_since(at("2026-11-23T06:00:00.000Z")))
        .collect();
    assert!(firsts.iter().all(|ms| *ms < 30_000));
    let in_first_third = firsts.iter().filter(|ms| **ms < 10_000).count();
    assert!((250..420).contains(&in_first_third), "{in_first_third}");
    assert_eq!(nightly.first(now, spread_of(1)), nightly.first(now, spread_of(1)));
    // Its own time does not come a second time because of the spread.
    let first = nightly.first(now, spread_of(1)).unwrap();
    let next = nightly.come(first, first, spread_of(1)).next.unwrap();
    assert_eq!(next.ms_since(first), 86_400_000);
}

#[test]
fn a_next_time_beyond_reach_was_worked_out_by_a_clock_that_was_set_back() {
    let now = at("2026-11-22T08:00:00.000Z");
    assert!(every(60_000).is_plausible(now.plus_ms(60_000), now, Spread(0)));
    assert!(!every(60_000).is_plausible(now.plus_ms(60_001), now, Spread(0)));
    let nightly = cron("0 6 * * *", "UTC");
    assert!(nightly.is_plausible(at("2026-11-23T06:00:00.000Z"), now, Spread(0)));
    assert!(!nightly.is_plausible(at("2026-11-24T06:00:00.000Z"), now, Spread(0)));
}
