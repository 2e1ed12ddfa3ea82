//! Chance that can be had again.

/// A small generator of numbers (xorshift), so that a seed gives the same rules for ever.
pub(crate) struct Dice(u64);

impl Dice {
    /// Seeded by `SEED` in the environment, else always the same.
    pub(crate) fn seeded() -> Self {
        Self(given("SEED").unwrap_or(0x9e37_79b9_7f4a_7c15).max(1))
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % sides
    }

    pub(crate) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    /// Some of a list, in its order, joined; at least one.
    pub(crate) fn some(&mut self, of: &[&str], joined: &str) -> String {
        let first = self.roll(of.len());
        let rest = of.iter().enumerate().filter(|(at, _)| *at == first || self.roll(3) == 0);
        rest.map(|(_, word)| *word).collect::<Vec<_>>().join(joined)
    }
}

/// How many rules to make: `RULES` in the environment, else so many.
pub(crate) fn rules(usual: usize) -> usize {
    given("RULES").map_or(usual, |rules| rules as usize)
}

fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
