//! Holds the bundled data to totals that were computed independently.

use std::collections::HashSet;

use super::*;

#[test]
fn the_shipped_orders_come_to_the_total_that_was_computed_independently() {
    let shipped = orders().iter().filter(|order| order.shipped.is_some());
    assert_eq!(shipped.clone().count(), 809);
    assert_eq!(shipped.map(Order::amount_cents).sum::<i64>(), 123_985_578);
}

#[test]
fn every_row_of_the_four_files_is_there() {
    assert_eq!((customers().len(), orders().len(), products().len()), (91, 830, 77));
    assert_eq!(orders().iter().map(|order| order.amount_ten_thousandths).sum::<i64>(), 12_657_930_395);
    let known = customers().iter().map(|customer| customer.id.as_str()).collect::<HashSet<_>>();
    assert!(orders().iter().all(|order| known.contains(order.customer_id.as_str())));
}

#[test]
fn the_first_order_is_the_sum_of_its_three_lines() {
    let first = &orders()[0];
    assert_eq!((first.id, first.amount_ten_thousandths, first.amount_cents()), (10248, 4_400_000, 44_000));
    assert_eq!(first.shipped, Some(jiff::civil::date(1996, 7, 16)));
}

#[test]
fn a_half_cent_is_rounded_up_and_less_is_not() {
    assert_eq!([cents(149), cents(150), cents(-150), cents(-151)], [1, 2, -1, -2]);
}

#[test]
fn a_decimal_is_read_without_a_float() {
    assert_eq!(hundredths("34.80"), Ok(3480));
    assert_eq!(hundredths("0.1"), Ok(10));
    assert_eq!(hundredths("7"), Ok(700));
    for wrong in ["", ".5", "1.234", "-1", "1e3", "1.2.3"] {
        assert!(hundredths(wrong).is_err(), "{wrong} was read");
    }
}
