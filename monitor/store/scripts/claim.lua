-- Let the sender of a chat send the head of its queue, if the chat's pace allows. Windows slide, so that no border between two of them
-- lets twice as many through.
-- KEYS sender outbox queue sends
-- ARGV job, fence, message id, record before, record after, name of the attempt, then for each window: most, length (ms)
-- Returns 0, or ms to wait, or -1 when the lease or the record is another's.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return -1 end
local record = redis.call('HGET', KEYS[2], ARGV[3])
if record == ARGV[5] and redis.call('ZSCORE', KEYS[4], ARGV[6]) then return 0 end
if record ~= ARGV[4] or redis.call('ZRANGE', KEYS[3], 0, 0)[1] ~= ARGV[3] then return -1 end

local wait, longest = 0, 0
for i = 7, #ARGV, 2 do
  local most, length = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local at = redis.call('ZREVRANGE', KEYS[4], most - 1, most - 1, 'WITHSCORES')[2]
  if at then wait = math.max(wait, at + length - now) end
  longest = math.max(longest, length)
end
if wait > 0 then return wait end

redis.call('HSET', KEYS[2], ARGV[3], ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - longest)
redis.call('ZADD', KEYS[4], now, ARGV[6])
redis.call('PEXPIRE', KEYS[4], 2 * longest)
return 0
