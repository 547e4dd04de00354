"""Vocabulary and decisions: pure, standard library only."""
