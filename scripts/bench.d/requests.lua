-- wrk's side of the bench: fills a request template with random keys and values, and prints one line of JSON.
--
-- Arguments: template file, number of keys, seed. The template is a whole raw HTTP request. In it
--   {key}     is k0000000 … (seven digits, random below the number of keys)
--   {key64}   the same in base64
--   {group}   the key without its last two digits: the prefix that 100 keys share
--   {value}   one of 64 values of 100 letters and digits
--   {value64} the same in base64
-- Every placeholder has one width, so the template's Content-Length holds for every request.

local VALUES, VALUE_BYTES = 64, 100
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
    local out = {}
    for at = 1, #text, 3 do
        local a, b, c = text:byte(at, at + 2)
        local bits = a * 65536 + (b or 0) * 256 + (c or 0)
        for shift = 3, 0, -1 do
            local index = math.floor(bits / 64 ^ shift) % 64 + 1
            out[#out + 1] = ALPHABET:sub(index, index)
        end
        if not c then out[#out] = "=" end
        if not b then out[#out - 1] = "=" end
    end
    return table.concat(out)
end

local function tabulate(count, make)
    local out = {}
    for i = 0, count - 1 do out[i] = make(i) end
    return out
end

local function random_value()
    local out = {}
    for i = 1, VALUE_BYTES do
        local index = math.random(1, 62)
        out[i] = ALPHABET:sub(index, index)
    end
    return table.concat(out)
end

-- Keys are put together from tables: string.format for every request would cost more than wrk's own work.
local tables = {}

local function fill_tables()
    tables.head = tabulate(10000, function(i) return string.format("k%04d", i) end)
    tables.group = tabulate(100000, function(i) return string.format("k%05d", i) end)
    tables.tail = tabulate(1000, function(i) return string.format("%03d", i) end)
    tables.head64 = tabulate(100, function(i) return base64(string.format("k%02d", i)) end)
    tables.middle64 = tabulate(1000, function(i) return base64(string.format("%03d", i)) end)
    tables.tail64 = tabulate(100, function(i) return base64(string.format("%02d", i)) end)
    tables.value = tabulate(VALUES, random_value)
    tables.value64 = tabulate(VALUES, function(i) return base64(tables.value[i]) end)
end

-- Lua expressions over the random numbers i (the key) and v (the value).
local PLACEHOLDERS = {
    key = "t.head[(i - i % 1000) / 1000] .. t.tail[i % 1000]",
    key64 = "t.head64[(i - i % 100000) / 100000] .. t.middle64[(i - i % 100) / 100 % 1000] .. t.tail64[i % 100]",
    group = "t.group[(i - i % 100) / 100]",
    value = "t.value[v]",
    value64 = "t.value64[v]",
}

-- Compiles the template to one function that concatenates literals and table entries.
local function compile(template, keys)
    local parts, at = {}, 1
    for before, name, after in template:gmatch("(){(%w+)}()") do
        if PLACEHOLDERS[name] then
            parts[#parts + 1] = string.format("%q", template:sub(at, before - 1))
            parts[#parts + 1] = PLACEHOLDERS[name]
            at = after
        end
    end
    parts[#parts + 1] = string.format("%q", template:sub(at))
    local source = string.format(
        "local t, random = ... return function() local i, v = random(0, %d), random(0, %d) return %s end",
        keys - 1, VALUES - 1, table.concat(parts, " .. "))
    return assert(loadstring(source))(tables, math.random)
end

function init(args)
    local file = assert(io.open(args[1], "rb"))
    local template = file:read("*a")
    file:close()
    math.randomseed(tonumber(args[3]))
    fill_tables()
    make_request = compile(template, tonumber(args[2]))
end

function request()
    return make_request()
end

function done(summary, latency)
    local errors = summary.errors
    local broken = errors.connect + errors.read + errors.write + errors.timeout
    print(string.format('{"requests":%d,"seconds":%.6f,"bytes":%d,"bad_status":%d,"socket_errors":%d,' ..
        '"p50_us":%d,"p99_us":%d,"max_us":%d}',
        summary.requests, summary.duration / 1e6, summary.bytes, errors.status, broken,
        latency:percentile(50), latency:percentile(99), latency.max))
end
