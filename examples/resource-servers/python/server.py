"""A resource server with FastAPI and PyJWT.

    pip install -r requirements.txt
    ISSUER=http://localhost:8080 AUDIENCE=https://notes.example.com API_KEY=signet_ak_... \
        uvicorn server:app --port 3000

API_KEY is an API key with the scope signet.introspect, for AUDIENCE.
"""

from os import environ

import httpx
import jwt
from fastapi import Depends, FastAPI, HTTPException, Request

ISSUER, AUDIENCE, KEY = (environ[name] for name in ("ISSUER", "AUDIENCE", "API_KEY"))

# Fetches the keys again when they are 300 s old, and for an unknown `kid` every 5 s at most.
keys = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json", lifespan=300, cooldown_duration=5, timeout=5)
signet = httpx.Client(base_url=ISSUER, headers={"Authorization": f"Bearer {KEY}"}, timeout=5)
app = FastAPI()


def allow(scope, ask=False):
    """Lets callers pass whose credential has the scope. `ask`: Signet is asked about access tokens too."""

    def caller(request: Request):
        token = presented(request)
        claims = introspect(token, request) if ask or token.startswith("signet_ak_") else verify(token)
        if scope not in claims.get("scope", "").split():
            raise refusal(403, f'error="insufficient_scope", scope="{scope}"')
        return claims

    return Depends(caller)


def presented(request):
    """The one credential of the Authorization header."""
    match request.headers.getlist("authorization"):
        case []:
            raise refusal(401)
        case [value] if value[:7].lower() == "bearer ":
            return value[7:].strip()
        case [_]:
            raise refusal(401, 'error="invalid_token"')
    raise refusal(400, 'error="invalid_request"')


def verify(token):
    """The claims of an access token, without asking anybody."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("not an access token")
        return jwt.decode(
            token,
            keys.get_signing_key(header.get("kid")),
            algorithms=["ES256"],  # as in signing_keys.algorithms
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": ["iss", "aud", "sub", "exp", "iat"]},
        )
    except jwt.PyJWKClientConnectionError:
        raise HTTPException(503, "no keys") from None
    except jwt.PyJWTError:
        raise refusal(401, 'error="invalid_token"') from None


def introspect(token, request):
    """What Signet says now about an API key or an access token."""
    form = {"token": token, "method": request.method, "address": request.client.host}
    try:
        answer = signet.post("/oauth/introspect", data=form).raise_for_status().json()
    except httpx.HTTPError:
        raise HTTPException(503, "Signet does not answer") from None
    if not answer["active"]:
        raise refusal(401, 'error="invalid_token"')
    return answer


def refusal(status, error=""):
    return HTTPException(status, headers={"WWW-Authenticate": f"Bearer {error}".strip()})


@app.get("/notes")
def read(caller=allow("notes.read")):
    return {"sub": caller["sub"], "scope": caller["scope"]}


@app.delete("/notes")  # what cannot be undone: a session that has ended counts at once
def remove(caller=allow("notes.write", ask=True)):
    return {"sub": caller["sub"], "scope": caller["scope"]}
