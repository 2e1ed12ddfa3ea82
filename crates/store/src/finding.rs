//! Damage that was found on disk and survived: a fact to log, not an error.

use std::fmt;
use std::path::PathBuf;

/// Bytes of a file that hold no readable record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub offset: u64,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Treated as absent.
    EmptyFile { path: PathBuf },
    /// A value that ends too soon or is not JSON; treated as absent.
    TornFile { path: PathBuf, bytes: u64, why: String },
    /// A journal shorter than its header; treated as absent.
    TornHeader { path: PathBuf, bytes: u64 },
    /// The last write of a journal did not complete; cut off. Nothing that was
    /// acknowledged is lost unless the disk lied about fdatasync.
    TornTail { path: PathBuf, tail: Gap },
    /// Readable records follow unreadable bytes, or the header is unreadable: the disk
    /// lost something that was acknowledged, or, in the last batch before a power
    /// cut, wrote its blocks out of order.
    Damaged { path: PathBuf, gaps: Vec<Gap>, salvaged: usize, kept_as: PathBuf },
    /// A writer was killed before its rename; what it wrote was never acknowledged.
    LeftoverRemoved { path: PathBuf },
}

impl Finding {
    /// The stable name under which `glassnet explain` describes this finding.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmptyFile { .. } => "store-empty-file",
            Self::TornFile { .. } => "store-torn-file",
            Self::TornHeader { .. } => "store-torn-header",
            Self::TornTail { .. } => "store-torn-tail",
            Self::Damaged { .. } => "store-damaged",
            Self::LeftoverRemoved { .. } => "store-leftover-removed",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyFile { path } => {
                write!(f, "{} is empty; treated as absent", path.display())
            }
            Self::TornFile { path, bytes, why } => {
                write!(f, "{} ({bytes} bytes) is torn: {why}; treated as absent", path.display())
            }
            Self::TornHeader { path, bytes } => write!(
                f,
                "{} has {bytes} bytes, less than a header; treated as absent",
                path.display()
            ),
            Self::TornTail { path, tail } => write!(
                f,
                "{} ends in a torn record at byte {}; its {} bytes were cut off",
                path.display(),
                tail.offset,
                tail.bytes
            ),
            Self::Damaged { path, gaps, salvaged, kept_as } => {
                write!(f, "{} is damaged at ", path.display())?;
                for (i, gap) in gaps.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}byte {} ({} bytes)", gap.offset, gap.bytes)?;
                }
                write!(f, "; {salvaged} records salvaged, original kept as {}", kept_as.display())
            }
            Self::LeftoverRemoved { path } => {
                write!(f, "{} was left by a killed writer; removed", path.display())
            }
        }
    }
}
