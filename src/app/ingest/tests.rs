//! What becomes of bodies as monitoring really sends them, and of bodies that are none.
