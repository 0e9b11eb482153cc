-- Give a person the role of a one-time token, once. The same update again gets the same answer and changes nothing, also when the role
-- was taken away since: so a used token is kept for a while. Who may as much already leaves it to somebody else.
-- KEYS tokens people
-- ARGV hash, user, update, how long a used token is kept (ms)
-- Returns the role that the token gave, or nothing.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then return false end
local role, till, used = record:match('^(%a+) (%d+) ?(.*)$')
local by = ARGV[3] .. ' ' .. ARGV[2]
if used == by then return role end
if used ~= '' or tonumber(till) <= now then return false end

local rank = {reader = 1, editor = 2, owner = 3}
local has = redis.call('HGET', KEYS[2], ARGV[2])
if has and rank[has] >= rank[role] then return false end
redis.call('HSET', KEYS[2], ARGV[2], role)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %.0f %s', role, now + ARGV[4], by))
return role
