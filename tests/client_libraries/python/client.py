"""What clients do, done with Authlib."""

import json
import os
import sys

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain http, on this machine

task = json.load(sys.stdin)


def discover():
    """The metadata, where RFC 8414 has it and where OpenID Connect has it."""
    places = [
        get_well_known_url(task["issuer"], external=True),
        task["issuer"] + "/.well-known/openid-configuration",
    ]
    found = []
    for place in places:
        metadata = AuthorizationServerMetadata(requests.get(place, timeout=10).json())
        for key in metadata.REGISTRY_KEYS:
            # Authlib takes the empty list, which a server without an authorization endpoint has,
            # for a missing one.
            if key != "response_types_supported":
                getattr(metadata, f"validate_{key}")()
        found.append(metadata)
    return found


def make_key():
    """A key of a client."""
    key = RSAKey.generate_key(2048)
    return {"public": key.as_dict(private=False), "private": key.as_dict(private=True)}


def everything():
    """Tokens by each kind of authentication; refresh, introspection, revocation."""
    metadata = discover()[0]
    token_endpoint = metadata["token_endpoint"]

    def session(client, secret, method):
        return OAuth2Session(client, secret, token_endpoint_auth_method=method)

    def credentials(session):
        return session.fetch_token(
            token_endpoint, grant_type="client_credentials", scope="pages.read"
        )

    service = task["service"]
    by_basic = session(service["id"], service["secret"], "client_secret_basic")
    by_post = session(service["id"], service["secret"], "client_secret_post")
    key = RSAKey.import_key(task["keyed"]["key"])
    by_key = session(task["keyed"]["id"], key, "private_key_jwt")
    by_key.register_client_auth_method(PrivateKeyJWT(token_endpoint))
    page = session(task["page"]["id"], None, "none")
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())

    def introspect(token, headers=None):
        endpoint = metadata["introspection_endpoint"]
        return by_basic.introspect_token(endpoint, token=token, headers=headers)

    def introspect_signed(token):
        answer = introspect(token, {"Accept": "application/token-introspection+jwt"})
        said = jwt.decode(answer.text, keys, algorithms=["ES256"])
        assert said.header["typ"] == "token-introspection+jwt"
        expected = {"iss": task["issuer"], "aud": service["id"]}
        claims = {name: {"essential": True, "value": value} for name, value in expected.items()}
        jwt.JWTClaimsRegistry(**claims).validate(said.claims)
        return said.claims["token_introspection"]

    done = {
        "basic": credentials(by_basic),
        "post": credentials(by_post),
        "byKey": credentials(by_key),
        "refreshed": page.refresh_token(
            token_endpoint, refresh_token=task["page"]["refresh_token"]
        ),
    }
    access_token = done["refreshed"]["access_token"]
    done["seen"] = introspect(access_token).json()
    done["signed"] = introspect_signed(access_token)
    page.revoke_token(
        metadata["revocation_endpoint"], token=done["refreshed"]["refresh_token"]
    ).raise_for_status()
    done["after"] = introspect(access_token).json()
    done["afterSigned"] = introspect_signed(access_token)
    return done


steps = {"discover": discover, "makeKey": make_key, "everything": everything}
json.dump(steps[task["step"]](), sys.stdout)
