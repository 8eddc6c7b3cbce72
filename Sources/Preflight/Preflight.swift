// Preflight
