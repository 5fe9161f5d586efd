//! The journeys of the operation guide: one story a file, each in process, over sockets and as separate processes.

#![expect(clippy::expect_used, reason = "a journey that does not go on as told has failed")]

/// Runs each journey in all modes: they must not drift apart.
macro_rules! journeys {
    ($($journey:ident),+ $(,)?) => {
        mod in_process {
            $(#[tokio::test]
            async fn $journey() {
                super::$journey(entrypass_e2e::Mode::InProcess).await;
            })+
        }

        mod over_sockets {
            $(#[tokio::test]
            async fn $journey() {
                super::$journey(entrypass_e2e::Mode::Sockets).await;
            })+
        }

        mod as_processes {
            $(#[tokio::test]
            async fn $journey() {
                super::$journey(entrypass_e2e::Mode::Processes).await;
            })+
        }
    };
}

mod amending;
mod apart;
mod applications;
mod certificates;
mod checkpoint;
mod companions;
mod electronic_pass;
mod erasing;
mod first_visit;
mod identity;
mod migrations;
mod next_visit;
mod once_only;
mod operations;
mod passes;
mod refusals;
mod signing_keys;
mod tunnel;
mod withdrawing;
