"""The mailbox of the one-machine stack: takes every mail, shows it, and fails on demand."""
