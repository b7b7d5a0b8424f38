//! Decisions one by one; the simulation covers their interleavings.
