"""Evidence packs: what goes into the ZIP, its reports, and the verifier that needs nothing but Python."""
