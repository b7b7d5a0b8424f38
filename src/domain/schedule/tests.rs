//! Placeholder until the property test lands in the same commit series.
