//! The layer around every service, in process and over a socket: what must not differ between the two.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod context;
mod copies;
mod deadline;
mod guard;
mod health;
mod limits;
mod neighbour;
mod panic;
mod probe;
mod stream;
mod tls;

/// Runs each test over both ways to a neighbour.
macro_rules! both_ways {
    ($($test:ident),+ $(,)?) => {
        mod in_process {
            $(#[tokio::test]
            async fn $test() {
                super::$test(crate::probe::Way::InProcess).await;
            })+
        }

        mod over_a_socket {
            $(#[tokio::test]
            async fn $test() {
                super::$test(crate::probe::Way::Socket).await;
            })+
        }
    };
}
pub(crate) use both_ways;
