"""The front ends: each is a choice of how a step becomes an event, and of how the finding is shown."""
