//! A guest that never says what it is.

use std::hint::black_box;

use lockgate_sdk::Connector;
use lockgate_sdk::manifest::Manifest;

struct LoopsInDescribe;

impl Connector for LoopsInDescribe {
    fn describe() -> Manifest {
        let mut number = 1_u64;
        // The end is out of reach, but the compiler must not know it.
        while black_box(number) != 0 {
            number = black_box(number | 1);
        }
        guests::manifest("loops-in-describe", &[])
    }
}

lockgate_sdk::export!(LoopsInDescribe);
