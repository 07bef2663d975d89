//! Each grant is enforced, and each denial says what to write.
