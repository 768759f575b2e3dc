//! A value in a thread's slot for as long as a body runs: how native tests stand in for the host.

use std::cell::RefCell;
use std::thread::LocalKey;

/// Puts `value` into `slot`, runs `body`, and puts the former value back, also when the body panics.
pub(crate) fn scoped<T: 'static, R>(
    slot: &'static LocalKey<RefCell<Option<T>>>,
    value: T,
    body: impl FnOnce() -> R,
) -> R {
    struct Restore<T: 'static>(&'static LocalKey<RefCell<Option<T>>>, Option<T>);

    impl<T: 'static> Drop for Restore<T> {
        fn drop(&mut self) {
            self.0.set(self.1.take());
        }
    }

    let _restore = Restore(slot, slot.replace(Some(value)));
    body()
}
