//! Personal data and secrets at rest: data keys, the key ring, blind indexes.
