-- Write what became of a message, and all that follows from it, for the sender of its chat alone. A replay finds it written.
-- KEYS sender outbox queue claims ids late undelivered episode
-- ARGV job, fence, message id, record before, record after, outcome (waits | sent | released), id in the chat, look for copies at
--      (ms; 0: not), most ids kept, post × n (to be freed when released)
-- Returns 1, or 0 when the lease or the record is another's.
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
local record = redis.call('HGET', KEYS[2], ARGV[3])
if record == ARGV[5] then return 1 end
if record ~= ARGV[4] then return 0 end

redis.call('HSET', KEYS[2], ARGV[3], ARGV[5])
if ARGV[6] == 'waits' then return 1 end
redis.call('ZREM', KEYS[3], ARGV[3])
if ARGV[6] == 'sent' then
  redis.call('ZADD', KEYS[5], ARGV[7], ARGV[7])
  redis.call('ZREMRANGEBYRANK', KEYS[5], 0, -1 - ARGV[9])
  if ARGV[8] ~= '0' then redis.call('ZADD', KEYS[6], ARGV[8], ARGV[3]) end
  redis.call('DEL', KEYS[8])
  return 1
end
-- What was not delivered is to be told (0: not told yet), and begins an episode, which lasts until something is.
redis.call('ZADD', KEYS[7], 'NX', 0, ARGV[3])
redis.call('SETNX', KEYS[8], ARGV[3])
for i = 10, #ARGV do
  if redis.call('HGET', KEYS[4], ARGV[i]) == ARGV[3] then redis.call('HDEL', KEYS[4], ARGV[i]) end
end
return 1
