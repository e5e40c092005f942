"""What happens when an item turns out to be faulty: annulment, change of key, and the scores that follow."""
