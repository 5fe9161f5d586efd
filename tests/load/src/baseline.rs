//! What the program is measured against: the least that anybody could do with the same libraries, on the same machine.
//!
//! Owns: a bare tonic server that echoes or selects one row ([`serve`]), `h2load` ([`h2load`]), `pgbench` ([`pgbench`]), and bare work without any call
//! ([`work`]). Nothing of it is part of the product.

pub mod h2load;
pub mod pgbench;
pub mod serve;
pub mod statements;
pub mod work;
