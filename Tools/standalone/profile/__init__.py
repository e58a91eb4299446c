"""Profile-guided optimisation: what a profile is trained with."""
