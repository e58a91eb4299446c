"""Compare the facts about a tree with the policy."""
