"""How each script of the store is replayed: random states, plausible and odd, and a call of the product on each.

A client whose answer was lost sends the same command again (redis-py does so by itself), so that every script must do
nothing more when it is run again with the same arguments. Each script has a function here, named in `cases.py`:

    def finish(draw: Random, store: Replayer) -> Call

It writes a state into the store and returns the product's call that runs the script on it. `Replayer` freezes the
clock, runs the script several times and compares all that is stored.
"""
