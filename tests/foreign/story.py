"""What the scripts share: settings, steps, a person with a browser, and the check of an ID token by Authlib."""

import json
import re
import sys
from html import unescape
from urllib.parse import urljoin, urlsplit

import requests
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oidc.core import CodeIDToken

settings = json.load(sys.stdin)


def step(name, **facts):
    print(json.dumps({"step": name, **facts}), flush=True)


def expect(what, actual, wanted):
    if actual != wanted:
        raise SystemExit(f"{what}: expected {wanted!r}, found {actual!r}")


def discover():
    """The metadata of the issuer."""
    answer = requests.get(settings["issuer"] + "/.well-known/openid-configuration", timeout=10)
    answer.raise_for_status()
    metadata = answer.json()
    expect("issuer", metadata["issuer"], settings["issuer"])
    return metadata


def read_id_token(metadata, token, nonce, access_token):
    """The claims of an ID token, checked by Authlib against the published keys, at_hash included."""
    algorithm = settings["idTokenAlg"]
    published = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    keys = settings["clientSecret"] if algorithm == "HS256" else published
    claims = JsonWebToken([algorithm]).decode(
        token,
        keys,
        claims_cls=CodeIDToken,
        claims_options={"iss": {"essential": True, "value": metadata["issuer"]}, "aud": {"essential": True, "value": settings["clientId"]}},
        claims_params={"nonce": nonce, "client_id": settings["clientId"], "access_token": access_token},
    )
    claims.validate(leeway=5)
    return claims


class Browser:
    """Keeps cookies, fills in the forms of the pages, and stops where it is sent away from the server."""

    def __init__(self):
        self.session = requests.Session()
        self.pages = []

    def visit(self, url):
        """The address outside the server that the browser is sent to in the end."""
        answer = self.session.get(url, allow_redirects=False, timeout=10)
        for _ in range(10):
            if "Location" in answer.headers:
                url = urljoin(url, answer.headers["Location"])
                if urlsplit(url).netloc != urlsplit(settings["issuer"]).netloc:
                    return url
                answer = self.session.get(url, allow_redirects=False, timeout=10)
                continue
            form = self._form_of(answer.text) if answer.status_code == 200 else None
            if form is None:
                raise SystemExit(f"stopped at a page with status {answer.status_code}: {url}")
            url = urljoin(url, form[0])
            answer = self.session.post(url, data=form[1], allow_redirects=False, timeout=10)
        raise SystemExit("the pages went in a circle")

    def _form_of(self, html):
        for form in re.findall(r"<form.*?</form>", html, re.DOTALL):
            action = _attribute(re.match(r"<form[^>]*>", form).group(), "action") or ""
            inputs = re.findall(r"<input[^>]*>", form)
            fields = {_attribute(tag, "name"): _attribute(tag, "value") for tag in inputs if _attribute(tag, "type") == "hidden"}
            if any(_attribute(tag, "name") == "password" for tag in inputs):
                self.pages.append("login")
                return action, {**fields, "username": settings["username"], "password": settings["password"]}
            if 'value="allow"' in form:
                self.pages.append("consent")
                return action, {**fields, "decision": "allow"}
        return None


def _attribute(tag, name):
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return unescape(found.group(1)) if found else None
