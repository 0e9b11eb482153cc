-- Forget messages of a chat that are over, and free the posts that they showed. One that is in the queue again stays.
-- KEYS outbox parcels queue handed claims corrections late undelivered
-- ARGV for each message: id, n, post × n
-- Returns how many were forgotten.
local forgotten, i = 0, 1
while i <= #ARGV do
  local id, n = ARGV[i], tonumber(ARGV[i + 1])
  if not redis.call('ZSCORE', KEYS[3], id) and redis.call('HDEL', KEYS[1], id) == 1 then
    forgotten = forgotten + 1
    redis.call('HDEL', KEYS[2], id)
    redis.call('ZREM', KEYS[4], id)
    redis.call('ZREM', KEYS[6], id)
    redis.call('ZREM', KEYS[7], id)
    redis.call('ZREM', KEYS[8], id)
    for p = i + 2, i + 1 + n do
      if redis.call('HGET', KEYS[5], ARGV[p]) == id then redis.call('HDEL', KEYS[5], ARGV[p]) end
    end
  end
  i = i + 2 + n
end
return forgotten
