//! From a condition to instructions.
//!
//! Each test jumps to one of two labels, so `and` and `or` cost nothing by themselves. A jump that
//! depends on something reaches 255 instructions; a longer one goes by one that always jumps.

use super::bpf::{CELLS, Instruction, code};
use super::condition::{Base, Condition, Value};
use super::expression::{Comparison, Operator};

#[derive(Clone, Copy, PartialEq, Eq)]
struct Label(usize);

const YES: Label = Label(0);
const NO: Label = Label(1);

enum Item {
    Do(Instruction),
    Branch { code: u16, operand: u32, yes: Label, no: Label, long: bool },
    Go(Label),
    Mark(Label),
}

/// The program that gives `snap` for what fulfils the condition and 0 for all else.
pub(super) fn assemble(condition: &Condition, snap: u32) -> Vec<Instruction> {
    let mut assembly = Assembly { items: Vec::new(), labels: 2 };
    assembly.condition(condition, YES, NO);
    assembly.items.extend([
        Item::Mark(YES),
        Item::Do(Instruction::of(code::RET, snap)),
        Item::Mark(NO),
        Item::Do(Instruction::of(code::RET, 0)),
    ]);
    assembly.placed()
}

struct Assembly {
    items: Vec<Item>,
    labels: usize,
}

impl Assembly {
    fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    fn add(&mut self, code: u16, operand: u32) {
        self.items.push(Item::Do(Instruction::of(code, operand)));
    }

    fn condition(&mut self, condition: &Condition, yes: Label, no: Label) {
        match condition {
            Condition::Always => self.items.push(Item::Go(yes)),
            Condition::Never => self.items.push(Item::Go(no)),
            Condition::Not(inner) => self.condition(inner, no, yes),
            Condition::And(one, other) => {
                let between = self.label();
                self.condition(one, between, no);
                self.items.push(Item::Mark(between));
                self.condition(other, yes, no);
            }
            Condition::Or(one, other) => {
                let between = self.label();
                self.condition(one, yes, between);
                self.items.push(Item::Mark(between));
                self.condition(other, yes, no);
            }
            Condition::If(which, one, other) => {
                let (first, second) = (self.label(), self.label());
                self.condition(which, first, second);
                self.items.push(Item::Mark(first));
                self.condition(one, yes, no);
                self.items.push(Item::Mark(second));
                self.condition(other, yes, no);
            }
            Condition::Test(left, comparison, right) => {
                let by = match comparison {
                    Comparison::Equal => code::EQUAL,
                    Comparison::Greater => code::GREATER,
                    Comparison::AtLeast => code::AT_LEAST,
                };
                let (with, operand) = self.both(left, right, 0);
                let code = code::JMP | by | with;
                self.items.push(Item::Branch { code, operand, yes, no, long: false });
            }
        }
    }

    /// Brings the left value into the accumulator; the right one is told by what is given: a number,
    /// or the index register.
    fn both(&mut self, left: &Value, right: &Value, cell: usize) -> (u16, u32) {
        if let Value::Number(number) = right {
            self.value(left, cell);
            return (0, *number);
        }
        self.value(right, cell);
        self.add(code::ST, cell as u32);
        self.value(left, cell + 1);
        self.add(code::LDX | code::MEMORY, cell as u32);
        (code::X, 0)
    }

    /// Brings a value into the accumulator, by cells of memory from this one on.
    fn value(&mut self, value: &Value, cell: usize) {
        debug_assert!(cell < CELLS, "the reading allows no deeper brackets");
        match value {
            Value::Number(number) => self.add(code::LD | code::IMMEDIATE, *number),
            Value::Length => self.add(code::LD | code::LENGTH, 0),
            Value::Negative(inner) => {
                self.value(inner, cell);
                self.add(code::ALU | code::NEGATE, 0);
            }
            Value::Binary(operator, left, right) => {
                let (with, operand) = self.both(left, right, cell);
                self.add(code::ALU | operation(*operator) | with, operand);
            }
            Value::Load { base, offset, size } => self.load(*base, offset, *size, cell),
        }
    }

    fn load(&mut self, base: Base, offset: &Value, size: u8, cell: usize) {
        let load = code::LD
            | match size {
                1 => code::BYTE,
                2 => code::HALF,
                _ => code::WORD,
            };
        match (base, offset) {
            (Base::At(from), Value::Number(offset)) => {
                self.add(load | code::ABSOLUTE, from.wrapping_add(*offset));
            }
            (Base::BehindIpv4(from), Value::Number(offset)) => {
                self.add(code::LDX | code::BYTE | code::HEADER_LENGTH, from);
                self.add(load | code::INDIRECT, from.wrapping_add(*offset));
            }
            (Base::At(from), offset) => {
                self.value(offset, cell);
                self.add(code::MISC | code::TAX, 0);
                self.add(load | code::INDIRECT, from);
            }
            (Base::BehindIpv4(from), offset) => {
                self.value(offset, cell);
                self.add(code::LDX | code::BYTE | code::HEADER_LENGTH, from);
                self.add(code::ALU | code::ADD | code::X, 0);
                self.add(code::MISC | code::TAX, 0);
                self.add(load | code::INDIRECT, from);
            }
        }
    }

    /// Where each label is, with the branches as long as they are now.
    fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.labels];
        let mut at = 0;
        for item in &self.items {
            match item {
                Item::Do(_) | Item::Go(_) => at += 1,
                Item::Branch { long, .. } => at += if *long { 3 } else { 1 },
                Item::Mark(label) => places[label.0] = at,
            }
        }
        places
    }

    fn placed(mut self) -> Vec<Instruction> {
        // A branch that grows pushes others apart, and none shrinks again: so this ends.
        loop {
            let places = self.places();
            let (mut at, mut grown) = (0, false);
            for item in &mut self.items {
                match item {
                    Item::Do(_) | Item::Go(_) => at += 1,
                    Item::Mark(_) => {}
                    Item::Branch { yes, no, long, .. } => {
                        let far = |label: &Label| places[label.0] - (at + 1) > u8::MAX.into();
                        // Where the others are was worked out before this one grows.
                        let length = if *long { 3 } else { 1 };
                        if !*long && (far(yes) || far(no)) {
                            (*long, grown) = (true, true);
                        }
                        at += length;
                    }
                }
            }
            if !grown {
                return self.written(&places);
            }
        }
    }

    fn written(&self, places: &[usize]) -> Vec<Instruction> {
        let mut program: Vec<Instruction> = Vec::new();
        for item in &self.items {
            let behind = program.len() + 1;
            let go = |label: Label, behind: usize| {
                Instruction::of(code::JMP | code::ALWAYS, (places[label.0] - behind) as u32)
            };
            match *item {
                Item::Do(instruction) => program.push(instruction),
                Item::Go(label) => program.push(go(label, behind)),
                Item::Mark(_) => {}
                Item::Branch { code, operand, yes, no, long: false } => {
                    let skip = |label: Label| (places[label.0] - behind) as u8;
                    program.push(Instruction { code, yes: skip(yes), no: skip(no), operand });
                }
                Item::Branch { code, operand, yes, no, long: true } => program.extend([
                    Instruction { code, yes: 0, no: 1, operand },
                    go(yes, behind + 1),
                    go(no, behind + 2),
                ]),
            }
        }
        program
    }
}

/// The code of what is worked out.
pub(super) fn operation(operator: Operator) -> u16 {
    match operator {
        Operator::Add => code::ADD,
        Operator::Subtract => code::SUB,
        Operator::Multiply => code::MUL,
        Operator::Divide => code::DIV,
        Operator::Remainder => code::MOD,
        Operator::And => code::AND,
        Operator::Or => code::OR,
        Operator::ExclusiveOr => code::XOR,
        Operator::Left => code::LEFT,
        Operator::Right => code::RIGHT,
    }
}
