"""Which case a report belongs to (判重): policy, features, measures, matcher. Pure: no clock, no chance, no I/O; imports schemas only."""
