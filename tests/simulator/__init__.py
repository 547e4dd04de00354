"""The payment simulator and Stripe's gateway, tried on each other over real HTTP."""
