-- Give a chat another address. The ids of messages begin anew there, so those known are forgotten; once.
-- KEYS address ids extras late
-- ARGV address
-- Returns 1, or 0 when it has this address already.
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
return 1
