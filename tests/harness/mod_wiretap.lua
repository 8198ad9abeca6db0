-- Prosody writes down what clients say and are told, byte for byte as it stood inside TLS, in `wire.xml` of its folder.
module:set_global();

local filters = require "prosody.util.filters";
local file = assert(io.open(os.getenv("STARLING_PROSODY_DIR") .. "/wire.xml", "ab"));
file:setvbuf("no");

local function write(bytes)
  if bytes then file:write(bytes, "\n"); end
  return bytes;
end

filters.add_filter_hook(function (session)
  filters.add_filter(session, "bytes/in", write);
  filters.add_filter(session, "bytes/out", write);
end);
