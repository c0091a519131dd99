//! Everything that looks inside a message; the only user of prost-reflect.
