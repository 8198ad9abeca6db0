-- A Prosody for tests: loopback only, state in one folder, no limits on speed.
--   STARLING_PROSODY_DIR  its folder, with certs/localhost.{crt,key}
--   STARLING_PROSODY_STARTTLS, STARLING_PROSODY_DIRECT  its ports
--   STARLING_PROSODY_HTTPS  the port of its files, STARLING_PROSODY_FILES  the port it tells of: a relay's, or the same
--   STARLING_PROSODY_RELAY  the port of a relay for calls, if there is one; _HOST, _TYPE, _TRANSPORT, _SECRET  how it is reached
--   STARLING_PROSODY_MOST  how many bytes a file may have; 0 if there is no place for files at all
--   STARLING_PROSODY_WIRETAP  set if it is to write down all that is said
-- Globals of a Prosody configuration read back as proxies: locals do not.
local dir = ENV_STARLING_PROSODY_DIR

pidfile = dir .. "/prosody.pid"
data_path = dir .. "/data"
admin_socket = dir .. "/prosody.sock"
certificates = dir .. "/certs"
run_as_root = true
network_backend = "epoll"
log = { { levels = { min = ENV_STARLING_PROSODY_LOG or "warn" }, to = "console", timestamps = true } }

interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { Lua.tonumber(ENV_STARLING_PROSODY_STARTTLS) }
c2s_direct_tls_ports = { Lua.tonumber(ENV_STARLING_PROSODY_DIRECT) }
s2s_ports = {}
http_ports = {}
https_ports = { Lua.tonumber(ENV_STARLING_PROSODY_HTTPS) }
http_interfaces = { "127.0.0.1" }
https_interfaces = { "127.0.0.1" }
modules_disabled = { "s2s"; "dialback" }

local tls = { certificate = dir .. "/certs/localhost.crt"; key = dir .. "/certs/localhost.key" }
ssl = tls
c2s_direct_tls_ssl = tls
https_ssl = tls
c2s_require_encryption = true
allow_unencrypted_plain_auth = false
authentication = "internal_hashed"
password_hash = "SHA-256"
tls_channel_binding = true

-- The archive of the internal storage keeps 10,000 messages and is too slow beyond some thousands.
storage = "sql"
sql = { driver = "SQLite3"; database = dir .. "/data/prosody.sqlite" }
-- Its disk is not what is tested: a write survives the end of Prosody, if not of the machine.
sqlite_tune = "fast"
default_archive_policy = true
archive_expires_after = "never"
max_archive_query_results = 250
smacks_hibernation_time = 300
-- As XEP-0191 says, and as other servers do.
bounce_blocked_messages = true

local everywhere = {
  "roster"; "saslauth"; "tls"; "disco"; "admin_shell"; "time"; "version"; "ping"; "iq"; "message"; "presence";
  "private"; "pep"; "blocklist"; "vcard4"; "vcard_legacy"; "carbons"; "mam"; "offline"; "csi"; "csi_simple";
  "register"; "user_account_management"; "tombstones"; "cron";
}
if ENV_STARLING_PROSODY_WIRETAP then everywhere[#everywhere + 1] = "wiretap"; end
if ENV_STARLING_PROSODY_RELAY then
  everywhere[#everywhere + 1] = "external_services";
  external_services = {
    {
      type = ENV_STARLING_PROSODY_RELAY_TYPE; transport = ENV_STARLING_PROSODY_RELAY_TRANSPORT;
      host = ENV_STARLING_PROSODY_RELAY_HOST; port = Lua.tonumber(ENV_STARLING_PROSODY_RELAY);
      secret = ENV_STARLING_PROSODY_RELAY_SECRET; ttl = 3600;
    };
  }
end
plugin_paths = { dir .. "/modules" }
modules_enabled = everywhere

-- Everything a server of today has.
VirtualHost "localhost"
  modules_enabled = { "smacks"; "sasl2"; "sasl2_bind2"; "sasl2_sm"; "sasl2_fast" }

-- A server of some years ago: SASL and bind, and accounts for everyone.
VirtualHost "open.localhost"
  modules_enabled = { "smacks"; "register_ibr" }
  allow_registration = true
  min_seconds_between_registrations = 0

-- An old one: no stream management either.
VirtualHost "old.localhost"

-- Files (XEP-0363). What the slots say is checked: without their headers nothing is taken.
local most = Lua.tonumber(ENV_STARLING_PROSODY_MOST)
if most > 0 then
  Component "files.localhost" "http_file_share"
  http_host = "localhost"
  http_external_url = "https://localhost:" .. ENV_STARLING_PROSODY_FILES .. "/"
  http_file_share_size_limit = most
  http_file_share_daily_quota = 100 * 1024 * 1024 * 1024
end
