# SPDX-License-Identifier: Apache-2.0
"""What the token endpoints of Google and of Microsoft Entra refuse: pure functions of a form."""

import base64
import binascii
import hashlib
import json
import pathlib
import subprocess
import time
import urllib.parse

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLE_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ENTRA_SCOPE = "https://cognitiveservices.azure.com/.default"
LONGEST_CLAIM = 3600
EXPONENT = 65537
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017 §9.2


class TokenRefusal(Exception):
    """An answer with an error status as OAuth words it (RFC 6749 §5.2)."""

    def __init__(self, status, code, description):
        super().__init__(description)
        self.status = status
        self.body = {"error": code, "error_description": description}


def require(condition, code, description):
    if not condition:
        raise TokenRefusal(401 if code == "invalid_client" else 400, code, description)


def read_form(request):
    kind = (request.header("content-type") or "").split(";")[0]
    require(kind == "application/x-www-form-urlencoded", "invalid_request", "Wrong content type")
    require(request.method == "POST", "invalid_request", "Only POST is allowed")
    require(request.header("authorization") is None, "invalid_request", "Two credentials")
    pairs = urllib.parse.parse_qsl(request.body.decode("ascii"), strict_parsing=True)
    form = dict(pairs)
    require(len(form) == len(pairs), "invalid_request", "A field is there twice")
    return form


def from_base64_url(text):
    require("=" not in text and "+" not in text and "/" not in text, "invalid_grant",
            "Invalid JWT: not base64url")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise TokenRefusal(400, "invalid_grant", "Invalid JWT") from error


def is_signed(text, signature, modulus):
    """RS256: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2) with SHA-256."""
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size:
        return False
    opened = pow(int.from_bytes(signature, "big"), EXPONENT, modulus).to_bytes(size, "big")
    told = SHA256_INFO + hashlib.sha256(text).digest()
    return opened == b"\0\1" + b"\xff" * (size - len(told) - 3) + b"\0" + told


def check_google(form, accounts, endpoint, now=None):
    """`accounts` are the moduli of the keys by the e-mail addresses of service accounts."""
    require(form.get("grant_type") == JWT_GRANT, "unsupported_grant_type", "Invalid grant_type")
    require(set(form) == {"grant_type", "assertion"}, "invalid_request", "Unknown field")
    parts = form["assertion"].split(".")
    require(len(parts) == 3, "invalid_grant", "Invalid JWT: it has not three parts")
    header, claims = (json.loads(from_base64_url(part)) for part in parts[:2])
    require(header.get("alg") == "RS256" and header.get("typ", "JWT") == "JWT", "invalid_grant",
            "Invalid JWT: unknown algorithm")
    email = claims.get("iss")
    require(email in accounts, "invalid_grant", "Invalid grant: account not found")
    require(claims.get("aud") == endpoint, "invalid_grant", "Invalid JWT audience")
    require(claims.get("scope") == GOOGLE_SCOPE, "invalid_scope", "Invalid OAuth scope")
    now = time.time() if now is None else now
    require(claims["iat"] <= now + 1 and now < claims["exp"] <= claims["iat"] + LONGEST_CLAIM,
            "invalid_grant", "Invalid JWT: Token must be a short-lived token")
    text = form["assertion"].rpartition(".")[0].encode()
    require(is_signed(text, from_base64_url(parts[2]), accounts[email]), "invalid_grant",
            "Invalid JWT Signature.")


def check_entra(form, clients, tenant):
    """`clients` are the secrets by tenant and client id."""
    require(form.get("grant_type") == "client_credentials", "unsupported_grant_type",
            "AADSTS70003: The app requested an unsupported grant type.")
    require(set(form) == {"grant_type", "client_id", "client_secret", "scope"}, "invalid_request",
            "AADSTS900144: The request body holds a wrong parameter.")
    require(form["scope"] == ENTRA_SCOPE, "invalid_scope",
            "AADSTS70011: The provided value for the input parameter 'scope' is not valid.")
    known = (tenant, form["client_id"])
    require(known in clients, "unauthorized_client",
            "AADSTS700016: Application was not found in the directory.\r\nTrace ID: mock")
    require(form["client_secret"] == clients[known], "invalid_client",
            "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: mock\r\nTimestamp: now")


def make_service_account(folder, endpoint, email="gateway@project-1.iam.gserviceaccount.com",
                         project="project-1"):
    """Makes a service account's key: its file as Google hands it out, and its modulus."""
    folder = pathlib.Path(folder)
    private = folder / "private.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(private), "2048"], check=True,
                   capture_output=True)
    told = subprocess.run(["openssl", "rsa", "-in", str(private), "-noout", "-modulus"], check=True,
                          capture_output=True, text=True).stdout
    file = folder / "service-account.json"
    file.write_text(json.dumps({
        "type": "service_account", "project_id": project, "private_key_id": "mock-key",
        "private_key": private.read_text("ascii"), "client_email": email, "client_id": "1",
        "token_uri": endpoint}, indent=2), "ascii")
    file.chmod(0o600)
    return file, int(told.strip().removeprefix("Modulus="), 16)
