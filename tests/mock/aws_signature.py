# SPDX-License-Identifier: Apache-2.0
"""AWS Signature Version 4 as the receiving side checks it: written from AWS's description alone, so
that it and llmgw cannot make the same mistake together."""

import calendar
import hashlib
import hmac
import re
import time
from urllib.parse import quote, unquote

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})")
SKEW = 300


class BadSignature(Exception):
    """A refusal, by AWS's name for it."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


def canonical_path(path, normalize=True):
    if normalize:
        kept = []
        for segment in path.split("/"):
            if segment == "..":
                kept = kept[:-1]
            elif segment not in ("", "."):
                kept.append(segment)
        folder = path.rsplit("/", 1)[-1] in ("", ".", "..")
        path = "/" + "/".join(kept) + ("/" if folder and kept else "")
    return quote(path, safe="/-_.~")


def encoded(text):
    return quote(unquote(text), safe="-_.~")


def canonical_query(query):
    pairs = [part.partition("=") for part in query.split("&") if part]
    return "&".join(f"{name}={value}" for name, value in
                    sorted((encoded(name), encoded(value)) for name, _, value in pairs))


def canonical_request(method, target, headers, signed, body, normalize=True):
    """`headers` are (name, value) pairs, `signed` the lower-case names that count."""
    path, _, query = target.partition("?")
    values = {}
    for name, value in headers:
        if name.lower() in signed:
            values.setdefault(name.lower(), []).append(" ".join(value.split()))
    lines = [f"{name}:{','.join(values[name])}\n" for name in sorted(values)]
    return "\n".join([method, canonical_path(path, normalize), canonical_query(query),
                      "".join(lines), ";".join(sorted(values)), hashlib.sha256(body).hexdigest()])


def string_to_sign(canonical, when, scope):
    return f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def signature_of(text, secret, scope):
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def check(request, keys, service, region, now=None):
    """Raises BadSignature unless `request` is signed by one of `keys`, a dict of access key ids to
    (secret, session token or None). Returns the id."""
    match = AUTHORIZATION.fullmatch(request.header("authorization") or "")
    when = request.header("x-amz-date") or ""
    if not match or not re.fullmatch(r"\d{8}T\d{6}Z", when):
        raise BadSignature("IncompleteSignatureException",
                           "Authorization header is not well-formed")
    key_id, date, signed_region, signed_service, names, signature = match.groups()
    if key_id not in keys or (request.header("x-amz-security-token") or None) != keys[key_id][1]:
        raise BadSignature("UnrecognizedClientException",
                           "The security token included in the request is invalid.")
    if (signed_region, signed_service, date) != (region, service, when[:8]):
        raise BadSignature("InvalidSignatureException",
                           "Credential should be scoped to a valid region")
    signed = names.split(";")
    required = {"host", *(name for name in request.names() if name.startswith("x-amz-"))}
    if signed != sorted(signed) or not required <= set(signed):
        raise BadSignature("InvalidSignatureException", "A header that must be signed is not")
    signed_at = calendar.timegm(time.strptime(when, "%Y%m%dT%H%M%SZ"))
    if abs((time.time() if now is None else now) - signed_at) > SKEW:
        raise BadSignature("InvalidSignatureException", f"Signature expired: {when}")
    scope = f"{date}/{region}/{service}/aws4_request"
    canonical = canonical_request(request.method, request.target, request.headers, signed,
                                  request.body)
    if signature != signature_of(string_to_sign(canonical, when, scope), keys[key_id][0], scope):
        # AWS repeats what it signed, the session token among it.
        raise BadSignature("InvalidSignatureException",
                           "The request signature we calculated does not match the signature you "
                           "provided.\n\nThe Canonical String for this request should have been\n"
                           f"'{canonical}'")
    return key_id
