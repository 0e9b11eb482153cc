"""The product as a model: its real stores, scripts and senders, driven one call at a time by a state machine.

world.py     time, which stands still until it is told to go on; what was done wrong
actors.py    a worker in a thread that stops before each call to the world, to be let go, frozen, lied to or killed
seams.py     the way to the store, and the way to Telegram, which ask the actor first
feeds.py     a source, and what it showed
plant.py     a server, workers with all parts of the product, a simulated Telegram; one worker that nobody disturbs
judge.py     what must hold, always and at rest, by what the world outside the store saw
moves.py     how workers are led to where something happens to them
machine.py   the rules: what may happen next
sabotage.py  defects that the model must find

Nothing sleeps, no request leaves the process but those to the store, and the store's scripts are told the time.
"""
