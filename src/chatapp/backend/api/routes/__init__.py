"""HTTP ⇄ function calls: one short function per endpoint."""
