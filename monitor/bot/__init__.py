"""The bot: updates come in by poller or webhook, wait in the inbox of the store, and are answered by a worker."""
