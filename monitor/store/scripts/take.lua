-- Take due jobs. Each is pushed a little ahead, so that a lost hint comes again; one that somebody works on waits for the end of
-- the lease. The first time a job was due is kept until it ends, so that lateness shows. A replay returns the same jobs and takes no
-- others, or those taken first would be told to nobody.
-- KEYS due due-since leases taken
-- ARGV most, hint again after (ms), time to live of what was taken (ms)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local taken = redis.call('GET', KEYS[4])
if taken then return cmsgpack.unpack(taken) end
local jobs = {}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for i = 1, #due, 2 do
  local job = due[i]
  local lease = redis.call('HGET', KEYS[3], job)
  local till = lease and tonumber(lease:match('^(%d+) ')) or 0
  redis.call('HSETNX', KEYS[2], job, due[i + 1])
  if till > now then
    redis.call('ZADD', KEYS[1], till, job)
  else
    redis.call('ZADD', KEYS[1], now + ARGV[2], job)
    jobs[#jobs + 1] = job
  end
end
if #due > 0 then redis.call('SET', KEYS[4], cmsgpack.pack(jobs), 'PX', ARGV[3]) end
return jobs
