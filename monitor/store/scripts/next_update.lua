-- Forget the update that is answered, and begin the next one: its try is counted before the work, so that one which kills its worker
-- is known. The same try again counts once.
-- KEYS leases inbox order tries
-- ARGV job, fence, id that is answered ('' none), name of the try
-- Returns {id, record, tries, excused}, {} when none waits, or nothing when the lease was lost.
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return false end
if ARGV[3] ~= '' then
  redis.call('HDEL', KEYS[2], ARGV[3])
  redis.call('ZREM', KEYS[3], ARGV[3])
  redis.call('HDEL', KEYS[4], ARGV[3])
end
local id = redis.call('ZRANGE', KEYS[3], 0, 0)[1]
if not id then return {} end
local tries, excused, name = (redis.call('HGET', KEYS[4], id) or '0 0 -'):match('^(%d+) (%d+) (.*)$')
if name ~= ARGV[4] then
  tries = tries + 1
  redis.call('HSET', KEYS[4], id, string.format('%.0f %.0f %s', tries, excused, ARGV[4]))
end
return {id, redis.call('HGET', KEYS[2], id) or '', tonumber(tries), tonumber(excused)}
