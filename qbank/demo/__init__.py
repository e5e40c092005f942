"""Simulated learners in a database of their own: who they are, what they answer, and what is found of it again."""
