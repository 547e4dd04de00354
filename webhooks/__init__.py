"""What machines send in: website sign-ups, provider commands, payment events."""
