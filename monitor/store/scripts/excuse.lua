-- Do not hold a try against updates: something else failed. The same try again is excused once.
-- KEYS leases tries
-- ARGV job, fence, name of the try, ids
-- Returns 1, or 0 when the lease was lost.
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
for i = 4, #ARGV do
  local tries, excused, name = (redis.call('HGET', KEYS[2], ARGV[i]) or ''):match('^(%d+) (%d+) (.*)$')
  if name == ARGV[3] then redis.call('HSET', KEYS[2], ARGV[i], string.format('%.0f %.0f -', tries, excused + 1)) end
end
return 1
