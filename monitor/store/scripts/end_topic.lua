-- Erase what is left of a topic that is retired and has no posts any more: its roll-ups, and what was remembered of it.
-- KEYS posts, then those to be erased
-- ARGV (none)
-- Returns 1, or 0 while there are posts.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', unpack(KEYS, 2))
return 1
