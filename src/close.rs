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
        let (name, known) = apart(name, known);
        // Comparing takes the square of the length.
        let is_near = known.len().abs_diff(name.len()) <= limit && name.len() <= 64;
        is_near.then(|| strsim::osa_distance(name, known)).filter(|distance| *distance <= limit)
    };
    let mut close: Vec<_> = known.into_iter().filter_map(|known| Some((distance(known)?, known))).collect();
    close.sort();
    close.dedup();
    close.into_iter().map(|(_, known)| known).take(MOST).collect()
}

/// Two names without what both begin with, and without what both then end with.
fn apart<'n>(name: &'n str, known: &'n str) -> (&'n str, &'n str) {
    let shared: usize = name.chars().zip(known.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (name, known) = (&name[shared..], &known[shared..]);
    let ends = name.chars().rev().zip(known.chars().rev());
    let shared: usize = ends.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    (&name[..name.len() - shared], &known[..known.len() - shared])
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
        let method = "/google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion";
        assert_eq!(close_names(&method[..method.len() - 1], [method]), [method]);
        assert_eq!(close_names("größse", ["größe", "grüße", "maße"]), ["größe", "grüße"]);
    }
}
