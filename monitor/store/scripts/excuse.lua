-- Do not hold a try against an update: something else failed. The same try again is excused once.
-- KEYS leases tries
-- ARGV job, fence, id, name of the try
-- Returns 1, or 0 when the lease was lost.
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end
local tries, excused, name = (redis.call('HGET', KEYS[2], ARGV[3]) or ''):match('^(%d+) (%d+) (.*)$')
if name == ARGV[4] then redis.call('HSET', KEYS[2], ARGV[3], string.format('%.0f %.0f -', tries, excused + 1)) end
return 1
