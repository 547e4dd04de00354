"""What people and machines ask for: one transaction each, shared by pages, API and webhooks."""
