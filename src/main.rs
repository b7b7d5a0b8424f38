//! Firebell's one binary.

fn main() -> std::process::ExitCode {
    firebell::cli::main()
}
