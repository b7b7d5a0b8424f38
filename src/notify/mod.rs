//! Pagers, one file each.
