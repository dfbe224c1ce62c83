"""A page on which people see two rankings side by side, what each offer earns, and why."""
