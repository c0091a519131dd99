//! Names that somebody may have meant: [`close_names`].

/// The names that somebody may have meant who wrote another, the closest first, three at most.
pub(crate) fn close_names<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    const MOST: usize = 3;
    let limit = (name.chars().count() / 3).clamp(1, 3);
    fn folded(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
    }
    let distance = |known: &str| {
        if folded(known).eq(folded(name)) {
            return Some(0);
        }
        // Comparing takes the square of the length.
        let is_near = known.len().abs_diff(name.len()) <= limit && name.len() <= 64;
        is_near.then(|| strsim::osa_distance(name, known)).filter(|distance| *distance <= limit)
    };
    let mut close: Vec<_> = known.into_iter().filter_map(|known| Some((distance(known)?, known))).collect();
    close.sort();
    close.dedup();
    close.into_iter().map(|(_, known)| known).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_close_that_somebody_may_have_meant() {
        assert_eq!(close_names("nmae", ["name", "game", "labels"]), ["name"]);
        assert_eq!(close_names("createTime", ["create_time", "created"]), ["create_time"]);
        assert_eq!(close_names("enabled", ["DISABLED", "ENABLED"]), ["ENABLED"]);
        assert_eq!(close_names("x", ["labels"]), [""; 0]);
    }
}
