-- Take a chat off the list of a topic, unless it was put there again since it was read: it may have subscribed at this moment.
-- KEYS subscribers
-- ARGV member, its score when it was read
-- Returns 1, or 0 when it has another by now, or is gone.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
