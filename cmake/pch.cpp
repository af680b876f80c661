// Carries the precompiled header that all compiler code reuses.
