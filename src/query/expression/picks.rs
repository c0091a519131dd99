//! [`Picks`]: which values of messages an expression asks for.

/// A value that is asked for, or one on the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PickId(u32);

impl PickId {
    /// A value that nobody asks for.
    pub const NONE: PickId = PickId(u32::MAX);
    /// A value of which everything is asked for.
    pub const WHOLE: PickId = PickId(u32::MAX - 1);
    pub const REQUEST: PickId = PickId(0);
    pub const RESPONSE: PickId = PickId(1);
    /// The list of all messages.
    pub const MESSAGES: PickId = PickId(2);
    pub const STATUS: PickId = PickId(3);

    fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug, Clone, Default)]
struct Pick {
    fields: Vec<(Box<str>, PickId)>,
    /// What is asked of elements of a list, or of values of a map.
    elements: Option<PickId>,
    is_whole: bool,
    /// The texts that it is compared with, which are names if it is an enum.
    compared: Vec<String>,
    /// How it is written, the first time.
    written: String,
}

/// A tree of the names that an expression asks for, below each of its variables.
#[derive(Debug, Clone)]
pub(super) struct Picks(Vec<Pick>);

impl Picks {
    pub fn new() -> Self {
        let root = |name: &str| Pick { written: name.to_owned(), ..Pick::default() };
        Picks(["request", "response", "messages", "status"].map(root).into())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Asks for a field, and for a value of a map by such a key.
    pub fn ask_field(&mut self, of: PickId, name: &str, written: &str) -> PickId {
        if let Some(&(_, known)) = self.0[of.index()].fields.iter().find(|(known, _)| **known == *name) {
            return known;
        }
        let id = self.push(written);
        self.0[of.index()].fields.push((name.into(), id));
        id
    }

    /// The place of a name among those that are asked for there.
    pub fn ordinal(&self, of: PickId, name: &str) -> usize {
        self.0[of.index()].fields.iter().position(|(known, _)| **known == *name).unwrap_or(usize::MAX)
    }

    /// Asks for the elements of a list, or the values of a map.
    pub fn ask_elements(&mut self, of: PickId, written: &str) -> PickId {
        if let Some(known) = self.0[of.index()].elements {
            return known;
        }
        let id = self.push(written);
        self.0[of.index()].elements = Some(id);
        id
    }

    /// Asks for all of a value.
    pub fn ask_whole(&mut self, of: PickId) {
        self.0[of.index()].is_whole = true;
    }

    /// Compares a value with a text.
    pub fn compare(&mut self, pick: PickId, text: &str) {
        let compared = &mut self.0[pick.index()].compared;
        if !compared.iter().any(|known| known == text) {
            compared.push(text.to_owned());
        }
    }

    /// The texts that a value is compared with.
    pub fn compared(&self, pick: PickId) -> &[String] {
        &self.0[pick.index()].compared
    }

    fn push(&mut self, written: &str) -> PickId {
        self.0.push(Pick { written: written.to_owned(), ..Pick::default() });
        PickId(self.0.len() as u32 - 1)
    }

    /// What is asked of a field.
    pub fn field(&self, of: PickId, name: &str) -> PickId {
        match self.settled(of) {
            Some(pick) => pick.fields.iter().find(|(known, _)| **known == *name).map_or(PickId::NONE, |&(_, id)| id),
            None => of.or_whole(),
        }
    }

    /// What is asked of the elements of a list, or of the values of a map.
    pub fn elements(&self, of: PickId) -> PickId {
        match self.settled(of) {
            // Names may be keys of a map.
            Some(pick) if !pick.fields.is_empty() => PickId::WHOLE,
            Some(pick) => pick.elements.unwrap_or(PickId::NONE),
            None => of.or_whole(),
        }
    }

    /// What is asked by name.
    pub fn fields(&self, of: PickId) -> &[(Box<str>, PickId)] {
        self.settled(of).map_or(&[], |pick| &pick.fields)
    }

    /// The names and what stands below them, also where everything is asked for.
    pub fn asked(&self, of: PickId) -> impl Iterator<Item = (Option<&str>, PickId)> {
        let pick = &self.0[of.index()];
        let fields = pick.fields.iter().map(|(name, id)| (Some(&**name), *id));
        fields.chain(pick.elements.map(|id| (None, id)))
    }

    pub fn index_of(&self, pick: PickId) -> usize {
        pick.index()
    }

    /// How a value is written in the expression.
    pub fn written(&self, of: PickId) -> &str {
        &self.0[of.index()].written
    }

    /// A pick that is neither none nor whole.
    fn settled(&self, of: PickId) -> Option<&Pick> {
        self.0.get(of.index()).filter(|pick| !pick.is_whole)
    }
}

impl PickId {
    /// What is asked of anything inside of what is not [settled](Picks::settled).
    fn or_whole(self) -> PickId {
        if self == PickId::NONE { PickId::NONE } else { PickId::WHOLE }
    }
}
