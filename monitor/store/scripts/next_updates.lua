-- Forget the updates that are answered, let their chats be looked at, and begin the next ones: their try is counted before the work, so
-- that one which kills its worker is known. One that was begun before comes alone. The same try again counts once.
-- KEYS leases inbox order tries due due-since chats
-- ARGV job, fence, name of the try, most to begin, how many are answered, their ids, then for each chat to be woken: job, chat, token
-- Returns {id, record, tries, excused} of each, or nothing when the lease was lost.
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return false end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local last = 5 + ARGV[5]
for i = 6, last do
  redis.call('HDEL', KEYS[2], ARGV[i])
  redis.call('ZREM', KEYS[3], ARGV[i])
  redis.call('HDEL', KEYS[4], ARGV[i])
end
for i = last + 1, #ARGV, 3 do
  -- As wake.lua does.
  if redis.call('HGET', KEYS[7], ARGV[i + 1]) ~= ARGV[i + 2] then
    redis.call('HSET', KEYS[7], ARGV[i + 1], ARGV[i + 2])
    redis.call('ZADD', KEYS[5], 'NX', now, ARGV[i])
    if redis.call('HEXISTS', KEYS[6], ARGV[i]) == 0 then redis.call('ZADD', KEYS[5], 'LT', now, ARGV[i]) end
  end
end
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, ARGV[4] - 1)) do
  local tries, excused, name = (redis.call('HGET', KEYS[4], id) or '0 0 -'):match('^(%d+) (%d+) (.*)$')
  local is_new = name ~= ARGV[3]
  if is_new then tries = tries + 1 end
  local is_first_try = tonumber(tries) == 1
  if #found > 0 and not is_first_try then return found end
  if is_new then redis.call('HSET', KEYS[4], id, string.format('%.0f %.0f %s', tries, excused, ARGV[3])) end
  found[#found + 1] = {id, redis.call('HGET', KEYS[2], id) or '', tonumber(tries), tonumber(excused)}
  if not is_first_try then return found end
end
return found
