"""Readers: whereto digests go, what they are made of, in which language a chat is spoken to, who is told of troubles.

The bot answers by it what people ask, duties send by it what comes due.
"""
