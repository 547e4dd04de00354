"""Adapters of the ports: the only code that knows SMTP, Stripe, FHIR and secrets."""
