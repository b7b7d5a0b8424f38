//! What twilight-validate, which knows nothing of this stand-in, thinks of a body. Where the two differ, one is wrong.
