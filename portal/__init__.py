"""What people see, and the JSON API of the same: provider's page, client portal, provider console."""
