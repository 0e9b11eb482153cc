-- Give up messages that were not delivered, and free the posts that they claimed; not while one is being sent.
-- KEYS outbox queue claims undelivered
-- ARGV for each message: id, record before, record after, n, post × n
-- Returns how many were given up.
local dropped, i = 0, 1
while i <= #ARGV do
  local id, n = ARGV[i], tonumber(ARGV[i + 3])
  if redis.call('HGET', KEYS[1], id) == ARGV[i + 1] and ARGV[i + 1] ~= ARGV[i + 2] then
    dropped = dropped + 1
    redis.call('HSET', KEYS[1], id, ARGV[i + 2])
    redis.call('ZREM', KEYS[2], id)
    redis.call('ZADD', KEYS[4], 1, id)
    for p = i + 4, i + 3 + n do
      if redis.call('HGET', KEYS[3], ARGV[p]) == id then redis.call('HDEL', KEYS[3], ARGV[p]) end
    end
  end
  i = i + 4 + n
end
return dropped
