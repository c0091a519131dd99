//! Chance that is the same on every machine: [`Random`], and words to make texts of.

/// A splitmix64 generator.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    /// A generator for these numbers, whose values have nothing in common with those for others.
    pub fn of(numbers: &[u64]) -> Random {
        numbers.iter().fold(Random(0), |random, number| Random(Random(random.0 ^ number).next()))
    }

    /// A generator for a part, which takes as much as it likes and always leaves the same behind it.
    pub fn fork(&mut self) -> Random {
        Random(self.next())
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not 0. The bias of the remainder does not matter here.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// A number from `low` to `high` of which small ones are as likely as large ones in every order of magnitude.
    pub fn magnitude(&mut self, low: u64, high: u64) -> u64 {
        ((low as f64) * (high as f64 / low as f64).powf(self.unit())) as u64
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A number from 0 up to, and without, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// Removes one at random; the others change places.
    pub fn take<T>(&mut self, from: &mut Vec<T>) -> T {
        let index = self.below(from.len() as u64) as usize;
        from.swap_remove(index)
    }

    /// Brings them into any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end as u64 + 1) as usize);
        }
    }

    /// A measured value: of three, one is short, one has a few decimals, one has all of its digits.
    pub fn double(&mut self) -> f64 {
        let value = (self.unit() - 0.2) * 1000.0;
        match self.below(3) {
            0 => value.round() / 2.0,
            1 => (value * 1000.0).round() / 1000.0,
            _ => value,
        }
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }

    /// Letters and digits, as identifiers have them.
    pub fn id(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(self.pick(ALPHABET))).collect()
    }

    /// A sentence of about `length` bytes. Of a hundred words six are not ASCII, two hold something to escape.
    pub fn text(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 24);
        while text.len() < length {
            let word = match self.below(100) {
                0..6 => self.pick(FOREIGN),
                6..8 => self.pick(ESCAPED),
                _ => self.pick(WORDS),
            };
            text.push_str(word);
            text.push(' ');
        }
        text.pop();
        text
    }

    pub fn word(&mut self) -> &'static str {
        self.pick(WORDS)
    }
}

const WORDS: &[&str] = &[
    "account",
    "active",
    "address",
    "amount",
    "archive",
    "balance",
    "carrier",
    "category",
    "city",
    "color",
    "comment",
    "country",
    "created",
    "currency",
    "customer",
    "delivered",
    "description",
    "discount",
    "due",
    "email",
    "expires",
    "flags",
    "height",
    "history",
    "invoice",
    "item",
    "kind",
    "label",
    "language",
    "latitude",
    "length",
    "level",
    "locale",
    "longitude",
    "maker",
    "name",
    "note",
    "order",
    "owner",
    "parent",
    "phone",
    "place",
    "price",
    "quantity",
    "rating",
    "region",
    "revision",
    "seller",
    "shipped",
    "size",
    "source",
    "state",
    "street",
    "tags",
    "tax",
    "title",
    "total",
    "unit",
    "updated",
    "version",
    "visible",
    "warehouse",
    "weight",
    "zone",
];

const FOREIGN: &[&str] = &[
    "Größe",
    "naïve",
    "Łódź",
    "søndag",
    "Київ",
    "ελληνικά",
    "日本語",
    "한국어",
    "שלום",
    "हिन्दी",
    "–",
    "€",
    "🚀",
    "👩‍🔬",
];

const ESCAPED: &[&str] = &["\"quoted\"", "C:\\temp", "line\nbreak", "<b>&amp;</b>", "tab\there"];
