//! Tables and lists of fields, in columns that line up also where a character takes two cells.

use model::explain::{Language, Text};

/// Rows under headings.
pub(super) struct Table {
    headings: Vec<Text<'static>>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(headings: impl Into<Vec<Text<'static>>>) -> Self {
        Self { headings: headings.into(), rows: Vec::new() }
    }

    /// A row with a cell for each heading.
    pub(super) fn row(&mut self, cells: impl Into<Vec<String>>) {
        let cells = cells.into();
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(cells);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines; with `colour`, the headings are bold.
    pub(super) fn draw(&self, language: Language, colour: bool) -> String {
        let headings: Vec<String> = self.headings.iter().map(|text| text.say(language)).collect();
        let lines = || std::iter::once(&headings).chain(&self.rows);
        let widths: Vec<usize> = (0..headings.len())
            .map(|column| lines().map(|cells| width(&cells[column])).max().unwrap_or(0))
            .collect();
        let mut drawn = String::new();
        for (number, cells) in lines().enumerate() {
            let line: String =
                cells.iter().zip(&widths).map(|(cell, width)| pad(cell, width + 2)).collect();
            drawn += &bold(line.trim_end(), colour && number == 0);
            drawn.push('\n');
        }
        drawn
    }
}

/// Names with their values, one a line.
#[derive(Default)]
pub(super) struct Fields(Vec<(Text<'static>, String)>);

impl Fields {
    pub(super) fn add(&mut self, name: Text<'static>, value: impl ToString) {
        self.0.push((name, value.to_string()));
    }

    pub(super) fn draw(&self, language: Language, colour: bool) -> String {
        let names: Vec<String> = self.0.iter().map(|(name, _)| name.say(language)).collect();
        let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
        let mut drawn = String::new();
        for (name, (_, value)) in names.iter().zip(&self.0) {
            drawn += &bold(&pad(name, widest), colour);
            drawn += &format!("  {value}\n");
        }
        drawn
    }
}

pub(super) fn pad(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

pub(super) fn bold(text: &str, colour: bool) -> String {
    if colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

/// Cells that a text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|character| if is_wide(character) { 2 } else { 1 }).sum()
}

/// The characters of our texts that take two cells: Chinese ones with their punctuation, and
/// full-width forms (Unicode TR 11).
fn is_wide(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}'
        | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_both_languages() {
        let mut table = Table::new([Text::Name, Text::Subnet]);
        table.row(["blue".into(), "10.88.0.0/16".into()]);
        table.row(["long-name".into(), String::new()]);
        assert_eq!(
            table.draw(Language::En, false),
            "NAME       SUBNET\nblue       10.88.0.0/16\nlong-name\n"
        );
        assert_eq!(
            table.draw(Language::Zh, false),
            "名称       子网\nblue       10.88.0.0/16\nlong-name\n"
        );
        assert!(table.draw(Language::En, true).starts_with("\x1b[1mNAME"));
    }

    #[test]
    fn fields_line_up_in_both_languages() {
        let mut fields = Fields::default();
        fields.add(Text::Mtu, 1500);
        fields.add(Text::Masquerade, "yes");
        assert_eq!(fields.draw(Language::En, false), "MTU         1500\nMASQUERADE  yes\n");
        assert_eq!(fields.draw(Language::Zh, false), "MTU       1500\n地址伪装  yes\n");
    }
}
