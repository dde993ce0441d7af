//! What the tests of the whole system share: homes, vaults, keychains, a proxy that lies.
