"""Which precision for which operator: costs of sets of operators, proposals, the frontier, when to stop."""
