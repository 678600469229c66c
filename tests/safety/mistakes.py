"""Settings as people get them wrong, each with a secret in it that nobody may be told."""

from __future__ import annotations

import json

from tests.safety.canary import IN_ADDRESS, KEY, LETTERS, PASSWORD

# Whatever stands where an address is expected.
MALFORMED = [
    PASSWORD,
    f"mysql://reader:{IN_ADDRESS}@h/d",
    f"host=h dbname=d password={PASSWORD}",
    f"//reader:{IN_ADDRESS}@h/d",
    f"postgresql:reader:{IN_ADDRESS}@h/d",
    f"postgresql://reader:{IN_ADDRESS}@h:{LETTERS}/d",
    f"postgresql://reader:{IN_ADDRESS}@h:99999/d",
    f"postgresql://reader:{PASSWORD}@h/d",
    f"postgresql://reader:{LETTERS}@[::1/d",
    f"postgresql://reader:{LETTERS}@h]/d",
    f"postgresql://reader:{LETTERS}@{LETTERS}\u2100/d",
    f"postgresql://reader:{LETTERS}\x00@h/d",
    f"postgresql://reader:{LETTERS}@h/d?port={LETTERS}",
    f"postgresql://reader:{LETTERS}@h/d?sslmode={LETTERS}",
    f"postgresql://reader@h/d?password={LETTERS}&host=127.0.0.1&port=9",
    f"postgresql://reader:{LETTERS}@127.0.0.1:9/d?target_session_attrs=nonsense",
    f"postgresql://reader:{LETTERS}@127.0.0.1:9,127.0.0.1:9/d?port=1,2,3",
    f"postgresql://reader:{LETTERS}@127.0.0.1:9/d?sslmode=require&sslkey={LETTERS}",
    f"postgresql://reader:{LETTERS}@127.0.0.1:9/d?krbsrvname={LETTERS}",
    f"postgresql://:{LETTERS}@127.0.0.1:9",
    # What most people forget: to write the special characters of a password as a URL wants them.
    f"postgresql://reader:a@{LETTERS}@127.0.0.1:9/d",
    f"postgresql://reader:a@{LETTERS}:5@127.0.0.1:9/d",
    f"postgresql://reader:a@b,{LETTERS}@127.0.0.1:9/d",
    f"postgresql://reader:a/{LETTERS}@127.0.0.1:9/d",
    f"postgresql://reader:1/{LETTERS}@127.0.0.1:9/d",
    f"postgresql://reader:1?{LETTERS}@127.0.0.1:9/d",
    f"postgresql://reader:1?a={LETTERS}@127.0.0.1:9/d",
    f"postgresql://reader:1?host={LETTERS}@127.0.0.1:9/d",
    f"postgresql://reader:1#{LETTERS}@127.0.0.1:9/d",
    f"postgresql://reader:%{LETTERS}@127.0.0.1:9/d",
    f"postgresql://127.0.0.1:9/{LETTERS}%",
    f" postgresql://reader:{LETTERS}@127.0.0.1:9/d",
    f"postgresql://reader:{LETTERS}@127.0.0.1:9/d\n",
]

CANARY_TOML = json.dumps(f"postgresql://reader:{LETTERS}@h/d")
# Settings with a secret where something else is expected, or something else wrong beside it.
MISTAKEN = [
    f"[connections.life_dashboard]\ndsn = {CANARY_TOML}\n",
    f"[connections]\nlife_dashboard = {CANARY_TOML}\n",
    f"connections = {CANARY_TOML}\n",
    f"[connections.life_dashboard]\ndsn = [{CANARY_TOML}]\n",
    f"[connections.life_dashboard]\ndsn = {{ url = {CANARY_TOML} }}\n",
    f"[connections.life_dashboard]\nurl = {CANARY_TOML}\n",
    f"[connections.life_dashboard]\ndsn = {CANARY_TOML}\npasword = '{LETTERS}'\n",
    f"[connections.life_dashboard]\ndsn = postgresql://reader:{LETTERS}@h/d\n",
    f"[connections.life_dashboard]\ndsn = 'postgresql://reader:{LETTERS}@h/d\n",
    f"[connection.life_dashboard]\ndsn = {CANARY_TOML}\n",
    f"[pools]\nmax_size = '{LETTERS}'\n",
    f"[pools]\npooler = '{LETTERS}'\n",
    f"[limits]\ngate_rows = '{LETTERS}'\n",
    f"[embedders.m]\nbase_url = 'http://h/v1'\nmodel = 'm'\napi_key = 'a {KEY}'\n",
    f"[embedders.m]\nbase_url = 'http://h/v1'\nmodel = 'm'\napi_key = ['{KEY}']\n",
    f"[embedders.m]\nbase_url = 'http://u:{LETTERS}@h/v1'\nmodel = 'm'\n",
    f"[embedders.m]\nbase_url = 'http://h/v1?key={KEY}'\nmodel = 'm'\n",
    f"[embedders.m]\nbase_url = 'ftp://{LETTERS}'\nmodel = 'm'\n",
    f"[embedders.m]\nmodel = 'm'\napi_kye = '{KEY}'\nbase_url = 'http://h'\n",
    f"[embedders.m]\nbase_url = 'http://h/v1'\nmodel = 'm'\ntimeout = '{KEY}'\n",
    f"embedders = '{KEY}'\n",
    f"[access]\nemails = {{ a = '{LETTERS}' }}\n",
    f"[auth\nclient_secret = '{LETTERS}'\n",
    f"[auth]\nclient_secret = '{LETTERS}'\n[pools]\nmax_sise = 3\n",
]
