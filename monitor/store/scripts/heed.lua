-- Believe what a platform said of a bucket: so many requests remain until then. Answers come in any order: of one window the smallest
-- number holds, of two windows the later one.
-- KEYS bucket
-- ARGV remaining, reset (ms since 1970), the same window if it ends within so many ms of the known one, the bucket's window (ms)
-- Returns 1, or 0 when nothing was to be learnt.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local remaining, reset, near = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if reset <= now then return 0 end
local known = redis.call('HMGET', KEYS[1], 'remaining', 'reset')
local known_remaining, known_reset = tonumber(known[1] or 0), tonumber(known[2] or 0)
if reset < known_reset - near then return 0 end
if reset <= known_reset + near then
  remaining, reset = math.min(remaining, known_remaining), math.max(reset, known_reset)
  if remaining == known_remaining and reset == known_reset then return 0 end
end
redis.call('HSET', KEYS[1], 'remaining', string.format('%.0f', remaining), 'reset', string.format('%.0f', reset))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', reset - now + 2 * ARGV[4]))
return 1
