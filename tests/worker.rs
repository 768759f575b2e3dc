//! The compile worker of the tests: their own binary has no `main` that could be one.

fn main() {
    lockgate::run_if_compile_worker();
}
