-- Give a person a role, or none. The last owner stays one: without an owner nobody could appoint another. The same update again changes
-- nothing, also when another one has changed the role since, and gets the same answer.
-- KEYS people appointed
-- ARGV user, role ('' none), update ('' none), most updates kept
-- Returns 1, or 0 when nobody would be owner any more.
local function owners()
  local n = 0
  for _, role in ipairs(redis.call('HVALS', KEYS[1])) do
    if role == 'owner' then n = n + 1 end
  end
  return n
end

local function appoint()
  local has = redis.call('HGET', KEYS[1], ARGV[1])
  if has == 'owner' and ARGV[2] ~= 'owner' and owners() == 1 then return 0 end
  if ARGV[2] == '' then
    redis.call('HDEL', KEYS[1], ARGV[1])
  else
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  end
  return 1
end

if ARGV[3] == '' then return appoint() end
for answer = 0, 1 do
  if redis.call('ZSCORE', KEYS[2], ARGV[3] .. ' ' .. answer) then return answer end
end
local answer = appoint()
local clock = redis.call('TIME')
redis.call('ZADD', KEYS[2], clock[1] * 1000 + math.floor(clock[2] / 1000), ARGV[3] .. ' ' .. answer)
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - ARGV[4])
return answer
