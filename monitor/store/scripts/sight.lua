-- Look at what waits: the oldest job that is due and that nobody works on, and when the last job ended.
-- KEYS due due-since leases committed
-- ARGV most jobs looked at that no sweeper took yet
-- Returns {for how long it waits (ms; -1: none), the job, how long ago a job ended (ms; -1: none did)}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local oldest, neglected = now + 1, ''

local function look(job, since)
  if since >= oldest then return end
  local lease = redis.call('HGET', KEYS[3], job)
  if lease and tonumber(lease:match('^(%d+) ')) > now then return end
  oldest, neglected = since, job
end

local late = redis.call('HGETALL', KEYS[2])
for i = 1, #late, 2 do look(late[i], tonumber(late[i + 1])) end
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for i = 1, #due, 2 do look(due[i], tonumber(due[i + 1])) end

local committed = redis.call('GET', KEYS[4])
return {oldest > now and -1 or now - oldest, neglected, committed and math.max(0, now - committed) or -1}
