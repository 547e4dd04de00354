"""The payment simulator: Stripe's Checkout on one machine, for development and tests only."""
