//! Idempotency keys: the same on every attempt, different for every request of one input.

use std::fmt::Write;

use sha2::{Digest, Sha256};

pub(crate) const HEADER: &str = "Idempotency-Key";

/// Stripe takes no longer keys.
const MOST: usize = 255;

/// The key of one request among those that an input takes. What does not fit into a header is replaced by its hash.
pub(crate) fn of_step(input: &str, step: &str) -> String {
    let is_plain = input.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain && input.len() + 1 + step.len() <= MOST {
        format!("{input}/{step}")
    } else {
        format!("{}/{step}", hash(input))
    }
}

/// The key under which the customer with this address is created, whoever asks for it: of those who ask at the same time
/// all get the same customer. The address itself stays out of the header, which ends in logs.
pub(crate) fn of_customer(email: &str) -> String {
    format!("customer/{}", hash(email))
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_readable_while_it_fits() {
        assert_eq!(of_step("run-1/deal-7", "line/0"), "run-1/deal-7/line/0");
    }

    #[test]
    fn a_key_that_does_not_fit_stays_distinct_and_short() {
        let long = "x".repeat(255);
        let (first, second) = (of_step(&long, "invoice"), of_step(&long, "line/0"));
        assert!(first.len() <= MOST && first != second);
        assert!(of_step("ключ \n", "invoice").is_ascii());
        assert_ne!(of_step("ключ", "invoice"), of_step("замок", "invoice"));
    }

    #[test]
    fn a_customer_has_one_key_and_its_address_is_not_in_it() {
        let key = of_customer("ada@example.com");
        assert_eq!(key, of_customer("ada@example.com"));
        assert_ne!(key, of_customer("bob@example.com"));
        assert!(!key.contains("ada") && key.len() <= MOST);
    }
}
