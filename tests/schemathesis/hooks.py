"""What schemathesis is told of Signet: who asks, what is there, and which findings are none."""

import itertools
import json
import os
import re

import requests
import schemathesis

URL = os.environ["SIGNET_URL"]
# Users by name and the client `service`: their `id`, and their `password` or `client_secret`.
ACTORS = json.loads(os.environ["SIGNET_ACTORS"])
CALLS = itertools.count(1)

# Requests that keep to the schema and are refused all the same, by what OpenAPI 3.0 says only with `oneOf` (there are no
# unions here: docs/decisions/0011-no-unions-in-the-api.md), or by what depends on data or settings.
# The pointers of fields, the codes of their errors (422), and why.
REFUSED_FIELDS = [
    (".*", "nul_character", "no string may have NUL: said once in docs/errors.md, not by each schema"),
    ("/never_expires|/remove_email", "not_allowed", "of two fields that contradict each other one may be there"),
    ("/(jwks|origins|grant_types|refresh_introspection)", "not_allowed", "depends on the kind of the client"),
    ("/idle_lifetime", "out_of_range", "at most the absolute lifetime, another field"),
    ("/reuse_interval", "out_of_range", "0, or 5 to 120: not one range"),
    ("/expires_in", "too_long|not_allowed", "depends on api_keys.max_expiry"),
    ("/alg", "not_available", "depends on signing_keys.algorithms"),
    ("/(new_)?password", "too_short|password_.*", "depends on password.min_length and on how soon it is guessed"),
    ("/client_id", "unknown_client|client_disabled|unauthorized_client|not_allowed", "which clients there are"),
    ("/grants|/scopes", "unknown_scope|not_granted", "which scopes there are, and who has them"),
    ("/audience", "invalid_target", "which audiences there are"),
    ("/name", "reserved", "scopes that begin with `signet.`: a pattern has no negation"),
    ("/username|/email|/name|/description", "malformed", "Unicode's rules for names and texts are no pattern"),
    (
        "/(grants|scopes|addresses|origins|audience|audiences|resources)",
        "malformed|invalid_scope",
        "a pattern on the items of a list makes each a type of its own in the Rust SDK",
    ),
    (
        "/(grant_types|audiences|resources|origins|scopes)",
        "duplicate",
        "`uniqueItems` makes the list a set in the Java SDK",
    ),
    ("/jwks.*|/claims|/metadata", "malformed|reserved|too_many|too_long", "JWKs of each kind, and names of the caller's own"),
]
# The same for forms (400): the path, RFC 6749's `error`, what its description begins with, and why.
REFUSED_FORMS = [
    ("/oauth/.*", "invalid_request", "Encode the parameters as a form", "no string may have NUL"),
    ("/oauth/.*", "invalid_request", "Say which client|Send client_assertion", "a client is named in one of three ways"),
    ("/oauth/introspect", "invalid_request", "address: ", "an address of IPv4 or IPv6 is no pattern"),
    ("/oauth/token", "invalid_request", "Send the parameter", "which fields are needed depends on grant_type"),
    ("/oauth/token", "invalid_(grant|scope|target)|unauthorized_client", "", "depends on what there is"),
]


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    kind = type(failure).__name__
    if kind == "UnsupportedMethodResponse" and case.operation.path == "/v1/auth/verify":
        return False  # it answers every method: gateways pass on the one that they ask about
    return not (kind == "RejectedPositiveData" and is_meant(case.operation.path, response))


def is_meant(path, response):
    problem = response.json()
    if "errors" in problem:
        return all(
            any(re.fullmatch(f, error["pointer"]) and re.fullmatch(c, error["code"]) for f, c, _ in REFUSED_FIELDS)
            for error in problem["errors"]
        )
    error, description = problem.get("error", ""), problem.get("error_description", "")
    return any(
        re.fullmatch(p, path) and re.fullmatch(e, error) and re.match(d, description) for p, e, d, _ in REFUSED_FORMS
    )


def who(case, _context=None):
    """Who asks: what ends sessions is asked by a user who does nothing else."""
    path = case.operation.path
    if path.startswith("/v1/me/sessions") or path == "/v1/auth/logout":
        return "leaver"
    return "self" if path.startswith("/v1/me") else "root"


def log_in(name):
    body = {"username": name, "password": ACTORS[name]["password"]}
    if name == "root":
        body["scope"] = "* signet.*"
    # Always from one place: there it is known, whatever is tried in its name elsewhere.
    answer = requests.post(f"{URL}/v1/auth/login", json=body, headers={"X-Forwarded-For": "192.0.2.1"})
    answer.raise_for_status()
    return answer.json()


def has_security(context):
    return bool(context.operation.definition.raw.get("security"))


@schemathesis.auth(cache_by_key=who).apply_to(has_security)
class Bearer:
    def get(self, case, _context):
        return log_in(who(case))["access_token"]

    def set(self, case, token, _context):
        # Two credentials are refused: who sends a refresh token or a client's secret sends no access token.
        body = case.body if isinstance(case.body, dict) else {}
        if not {"refresh_token", "client_secret", "client_assertion"} & body.keys():
            case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def filter_case(_context, case):
    """Nobody renames, disables or erases those who ask."""
    values = (case.path_parameters or {}).values()
    return not any(actor["id"] in values for actor in ACTORS.values())


@schemathesis.hook
def before_call(_context, case, _kwargs):
    # Every call comes from elsewhere: what the throttle has against one stops no other.
    call = next(CALLS)
    case.headers["X-Forwarded-For"] = f"10.{call >> 16 & 255}.{call >> 8 & 255}.{call & 255}"
    if case.operation.path == "/v1/auth/verify":
        gateway = {"Method": "GET", "Proto": "https", "Host": "app.example.com", "Uri": "/"}
        case.headers.update({f"X-Forwarded-{name}": value for name, value in gateway.items()})
        case.headers["Authorization"] = "Bearer " + log_in("self")["access_token"]
    # Every other case is about what is there; the rest about what may be.
    if case.meta is not None and case.meta.generation.mode.is_positive and call % 2:
        name_what_is_there(case)
        if isinstance(case.body, dict):
            if "current_password" in case.body:
                case.body["current_password"] = ACTORS[who(case)]["password"]
            KNOWN.get(case.operation.definition.raw["operationId"], lambda body: None)(case.body)
            if "refresh_token" in case.body:
                case.headers.pop("Authorization", None)  # two credentials are refused


@schemathesis.hook
def after_call(_context, case, response):
    if response.status_code == 204 and case.operation.definition.raw["operationId"] == "changePassword":
        ACTORS[who(case)]["password"] = case.body["new_password"]


def name_what_is_there(case):
    """Puts in an identifier of the list that the path goes on from."""
    above, parameter = re.fullmatch(r"([^{]*)(?:/{(\w+)}.*)?", case.operation.path).groups()
    authorization = case.headers.get("Authorization")
    if parameter and authorization:
        listed = requests.get(URL + above, headers={"Authorization": authorization}, params={"limit": 20}).json()
        things = listed.get("items", [])
        ids = [thing[parameter] for thing in things if thing.get("id") not in {a["id"] for a in ACTORS.values()}]
        if ids:
            case.path_parameters[parameter] = ids[len(str(case.body)) % len(ids)]


def as_service(body):
    body.pop("client_assertion", None)
    body.pop("client_assertion_type", None)
    body["client_id"], body["client_secret"] = ACTORS["service"]["id"], ACTORS["service"]["client_secret"]


def with_a_grant(body):
    as_service(body)
    for name in ("scope", "resource", "audience"):
        body.pop(name, None)
    body["grant_type"] = "client_credentials"


def with_a_password(body):
    body.update(username="self", password=ACTORS["self"]["password"])
    body.pop("client_id", None)


def with_a_refresh_token(body):
    body.clear()
    body["refresh_token"] = log_in("self")["refresh_token"]


def of_its_kind(body):
    for name in ("jwks", "origins", "grant_types", "refresh_introspection"):
        body.pop(name, None)


def with_a_good_password(body):
    body["new_password"] = f"{next(CALLS)} obtuse walnuts under Lisbon"


# What only those have who are known, by the operation.
KNOWN = {
    "token": with_a_grant,
    "revokeToken": as_service,
    "login": with_a_password,
    "refresh": with_a_refresh_token,
    "logout": with_a_refresh_token,
    "createApiKeyWithPassword": with_a_password,
    "changePassword": with_a_good_password,
    "createClient": of_its_kind,
    "updateClient": of_its_kind,
}
