"""What a user of the Python SDK writes."""

from os import environ

from signet_client import AuthenticatedClient, Client
from signet_client.api.api_keys import create_my_api_key, get_my_api_key
from signet_client.api.me import get_me
from signet_client.api.o_auth import introspect_token
from signet_client.api.sessions import login, refresh
from signet_client.api.users import list_users
from signet_client.models import (
    ApiKeyCreation,
    Credentials,
    IntrospectionRequest,
    IssuedApiKey,
    Me,
    Problem,
    RefreshGrant,
    TokenIntrospection,
    TokenPair,
)

url, username, password = (environ[name] for name in ("SIGNET_URL", "SIGNET_USERNAME", "SIGNET_PASSWORD"))

client = Client(base_url=url)
pair = login.sync(client=client, body=Credentials(username=username, password=password))
assert isinstance(pair, TokenPair), pair
next_pair = refresh.sync(client=client, body=RefreshGrant(refresh_token=pair.refresh_token))
assert isinstance(next_pair, TokenPair), next_pair
assert next_pair.refresh_token != pair.refresh_token

mine = AuthenticatedClient(base_url=url, token=next_pair.access_token)
me = get_me.sync(client=mine)
assert isinstance(me, Me) and me.username == username, me
issued = create_my_api_key.sync(client=mine, body=ApiKeyCreation(name="Python SDK", current_password=password))
assert isinstance(issued, IssuedApiKey) and issued.api_key.startswith("signet_ak_"), issued
asking = AuthenticatedClient(base_url=url, token=issued.api_key)
known = introspect_token.sync(client=asking, body=IntrospectionRequest(token=issued.api_key))
assert isinstance(known, TokenIntrospection) and known.active and known.name == "Python SDK", known


def refused(answer, status, code):
    """What a refusal says, as a type."""
    assert answer.status_code == status, answer
    assert isinstance(answer.parsed, Problem) and (answer.parsed.status, answer.parsed.code) == (status, code), answer
    return answer.parsed


def guess(name):
    return login.sync_detailed(client=client, body=Credentials(username=name, password="wrong"))


refused(guess(username), 401, "invalid_credentials")
refused(list_users.sync_detailed(client=mine), 403, "insufficient_scope")
refused(get_my_api_key.sync_detailed("unknown", client=mine), 404, "not_found")
again = create_my_api_key.sync_detailed(client=mine, body=ApiKeyCreation(name="Python SDK", current_password=password))
assert refused(again, 409, "api_key_exists").api_key_id == issued.key.id
odd = create_my_api_key.sync_detailed(client=mine, body=ApiKeyCreation(name=" odd", current_password=password))
(error,) = refused(odd, 422, "validation_failed").errors
assert (error.pointer, error.code) == ("/name", "malformed"), error
for _ in range(10):
    guess("python")
throttled = guess("python")
refused(throttled, 429, "throttled")
assert int(throttled.headers["Retry-After"]) > 0
