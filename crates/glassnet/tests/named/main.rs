//! Known killers of container networks (docs/faults.md), each broken on purpose on a network that nobody
//! here made by glassnet, and named by `glassnet trace` or `glassnet doctor` with where and why. Where they
//! give a command, it is carried out, and all is well again.
//!
//! It takes root. Named namespaces of a test are gone when it ends.

mod answers;
mod duplicates;
mod engines;
mod rules;
mod stage;
mod tables;
mod tunnels;
