"""What comes due, and what a person orders: polls, digests, alerts, second looks, clean-up. Made of services."""
