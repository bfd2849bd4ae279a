"""Verifies access tokens offline with PyJWT."""

import json
import sys

import jwt


def verify(token, keys, issuer, audience):
    """Returns the claims, or raises the library's error."""
    header = jwt.get_unverified_header(token)
    if header.get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("not an access token")
    key = keys[header["kid"]]
    return jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        issuer=issuer,
        audience=audience,
        options={"require": ["iss", "aud", "sub", "exp", "iat"]},
    )


def outcome(token, keys, issuer, audience):
    try:
        return {"claims": verify(token, keys, issuer, audience)}
    except (jwt.PyJWTError, KeyError) as error:
        return {"refused": type(error).__name__}


def main():
    task = json.load(sys.stdin)
    keys = jwt.PyJWKSet.from_dict(task["jwks"])
    json.dump(
        {
            name: outcome(token, keys, task["issuer"], task["audience"])
            for name, token in task["tokens"].items()
        },
        sys.stdout,
    )


main()
