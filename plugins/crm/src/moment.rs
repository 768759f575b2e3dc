//! Times as the API writes them: in UTC with up to three decimals, or, as it wrote them before, in milliseconds.
//!
//! One fixed format does not weigh a calendar library, which would be a third of the component.

/// Milliseconds since 1970.
pub(crate) fn parse_ms(text: &str) -> Option<i64> {
    if let Ok(moment_ms) = text.parse() {
        return Some(moment_ms);
    }
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(time, ':')?;
    let is_moment =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    let millisecond: i64 = if fraction.is_empty() {
        0
    } else if fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{fraction:0<3}").get(..3)?.parse().ok()?
    } else {
        return None;
    };
    is_moment.then_some(())?;
    let days = days_since_1970(year, month, day);
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + millisecond)
}

/// Three numbers of at most four digits each.
fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let number = |part: &str| {
        let is_short = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_short { part.parse().ok() } else { None }
    };
    let numbers: Option<Vec<i64>> = text.split(separator).map(number).collect();
    numbers?.try_into().ok()
}

/// Of the Gregorian calendar, with years that begin in March so that the leap day is their last one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let before_the_year = year * 365 + year / 4 - year / 100 + year / 400;
    let before_the_month = (month * 153 + 2) / 5;
    // The days from the first of March of year 0 to the first of January 1970.
    before_the_year + before_the_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_to_the_millisecond() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("1996-07-16T00:00:00.123Z", 837_475_200_123),
            ("2000-02-29T12:34:56.7Z", 951_827_696_700),
            ("2000-03-01T00:00:00Z", 951_868_800_000),
            ("2100-03-01T00:00:00.000999Z", 4_107_542_400_000),
            ("2026-11-22T01:02:03.004005Z", 1_795_309_323_004),
            ("1795309323004", 1_795_309_323_004),
        ] {
            assert_eq!(parse_ms(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "Z",
            "T",
            "1996-07-16",
            "1996-07-16T00:00:00",
            "1996-07-16T00:00:00+02:00",
            "1996-13-16T00:00:00Z",
            "1996-07-16T24:00:00Z",
            "1996-07-16T00:00Z",
            "1996-07-16T00:00:00.xZ",
            "99999-07-16T00:00:00Z",
            "1996--7-16T00:00:00Z",
            "1996-07-16T00:00:00.é00Z",
            "yesterday",
        ] {
            assert_eq!(parse_ms(text), None, "{text}");
        }
    }
}
