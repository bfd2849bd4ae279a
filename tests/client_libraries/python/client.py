"""What clients do, done with Authlib."""

import json
import os
import sys

import requests
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

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


steps = {"discover": discover}
json.dump(steps[task["step"]](), sys.stdout)
