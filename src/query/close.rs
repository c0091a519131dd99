//! Names of values that somebody may have meant: [`close_values`].

use crate::close::close_names;
use crate::schema::EnumLayout;

/// The names of an enum's values that somebody may have meant.
pub(super) fn close_values(name: &str, layout: &EnumLayout) -> Vec<String> {
    close_names(name, layout.names()).into_iter().map(str::to_owned).collect()
}
