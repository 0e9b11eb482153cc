-- Take the lease of a job, unless somebody else holds it, or a stale hint asks for work that is done and not due again.
-- Asking again as the same owner returns the same fence.
-- KEYS leases fence due
-- ARGV job, owner, time to live (ms), due within (ms; -1: whether due or not)
-- Returns the fence, or 0.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local till, fence, owner
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if lease then till, fence, owner = lease:match('^(%d+) (%d+) (.*)$') end
if lease and owner ~= ARGV[2] and tonumber(till) > now then return 0 end
if tonumber(ARGV[4]) >= 0 and owner ~= ARGV[2] then
  local due = redis.call('ZSCORE', KEYS[3], ARGV[1])
  if not due or due - now > tonumber(ARGV[4]) then return 0 end
end
if not lease or owner ~= ARGV[2] then
  -- Counted from the time of the first, so that no fence comes again where the count was lost: by a restore of a backup that is older
  -- than a chat, or with a chat that had ended.
  redis.call('SETNX', KEYS[2], now)
  fence = redis.call('INCR', KEYS[2])
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %.0f %s', now + ARGV[3], fence, ARGV[2]))
return tonumber(fence)
