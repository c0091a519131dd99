//! Why no recorded call answers, in lines for people.

use rpcreplay::replay::{Miss, Near};

use crate::failure::note;

/// Says on standard error why no recorded call answers, and which come near; of the values that differ it says where they stand.
pub fn explain_miss(miss: &Miss, files: &[String]) {
    note("miss: ", &format!("call {}: {miss}", miss.number));
    for near in &miss.nearest {
        note("  ", &line_of(near, files));
    }
}

fn line_of(near: &Near, files: &[String]) -> String {
    let mut line = name_of(near, files);
    if let Some(method) = &near.method {
        line.push_str(&format!(" {method}"));
    }
    if let Some(number) = near.used_by {
        line.push_str(&format!(", has answered call {number}"));
    }
    match &near.selectors()[..] {
        [] => {}
        selectors => line.push_str(&format!(", differs in {}", selectors.join(", "))),
    }
    line
}

fn name_of(near: &Near, files: &[String]) -> String {
    let file = files.get(near.call.recording).map_or("", |file| file);
    format!("{file} #{}", near.call.first)
}
