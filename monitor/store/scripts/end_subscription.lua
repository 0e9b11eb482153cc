-- End a subscription that is still the one that was read; a newer one to the same topic stays.
-- KEYS subscriptions
-- ARGV topic, packed subscription
-- Returns 1, or 0 when it is another by now.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
