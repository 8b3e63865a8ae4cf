"""Running an ordered list of stages: recipes, their records and reports."""
