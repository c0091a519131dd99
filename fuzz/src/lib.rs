//! What several targets need.

use std::sync::LazyLock;

use rpcreplay::Schema;

/// The built-in types, and those of `protos`.
pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let every = include_bytes!("../protos/every.protoset").as_slice();
    Schema::builder().protoset("every.protoset", every).expect("protoc made it").build()
});

/// The types of `protos` alone: where a name is not found, all of the built-in ones would be searched for it each time.
pub static SMALL: LazyLock<Schema> = LazyLock::new(|| {
    let every = include_bytes!("../protos/every.protoset").as_slice();
    Schema::builder().builtin(false).protoset("every.protoset", every).expect("protoc made it").build()
});
