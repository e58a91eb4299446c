"""Plan the stages of a build, run them, and explain what they did."""
