-- Give a person a role, or none. The last owner stays one: without an owner nobody could appoint another.
-- KEYS people
-- ARGV user, role ('' none)
-- Returns 1, or 0 when nobody would be owner any more.
local function owners()
  local n = 0
  for _, role in ipairs(redis.call('HVALS', KEYS[1])) do
    if role == 'owner' then n = n + 1 end
  end
  return n
end

local has = redis.call('HGET', KEYS[1], ARGV[1])
if has == 'owner' and ARGV[2] ~= 'owner' and owners() == 1 then return 0 end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return 1
