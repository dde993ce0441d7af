//! Secret keys: keyholders, sealing, opening, wrapping, signing. Client side only.
