//! Attacks that stay: what a caller tries who may not, or who sends what no client of ours would, and what a thief finds in what lies about.

#![expect(clippy::expect_used, reason = "an attack that cannot be tried has not been withstood")]

mod belongings;
mod callers;
mod dice;
mod dumped;
mod lived;
mod methods;
mod mutated;
mod mutation;
mod raw;
mod scanner;
mod stolen;
mod world;
