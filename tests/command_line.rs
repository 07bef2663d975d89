//! The command line: output, messages and exit codes.
