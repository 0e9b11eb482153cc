"""The bot: updates come in by poller or webhook, wait in the inbox of the store, and are answered by a worker.

    Telegram ─► poller.py ─► inbox ─► clerk.py ─► answer.py ─ who, what? ─► admission.py ─► commands.py, owners.py
                                                  └ a press ─► readers/buttons.py ──────┘

Sentences go through say() (../saying.py); those of more than one place stand in texts.py.
"""
